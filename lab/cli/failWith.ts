/** Marks what goes wrong in our own part, so that it cannot be taken for the exit code of what is run. */
export async function failWith(code: number, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw Object.assign(error as Error, { exitCode: code });
  }
}
