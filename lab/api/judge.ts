import { ApiError, type Reason } from "./errors";

/** What is needed of the vendor's yup schemas. */
export interface Schema {
  validateSync(value: unknown, options: { abortEarly: boolean; strict: boolean }): unknown;
}

interface YupError {
  readonly path?: string;
  readonly message: string;
  readonly type?: string;
  readonly params?: { readonly type?: string };
  readonly inner?: readonly YupError[];
}

/**
 * Judges a request's body by the vendor's own schema; refuses it with every reason at once. Clients of the vendor send
 * null for what they leave out, which those schemas (made for a form) do not know: such fields are left out here.
 */
export function judge(schema: Schema, body: unknown): void {
  const given = isObject(body) ? Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)) : body;
  try {
    schema.validateSync(given, { abortEarly: false, strict: true });
  } catch (error) {
    const failure = error as YupError & { name?: string };
    if (failure.name !== "ValidationError") throw error;
    const problems = failure.inner && failure.inner.length > 0 ? failure.inner : [failure];
    throw new ApiError(400, problems.map(reasonOf));
  }
}

function reasonOf(problem: YupError): Reason {
  const reason = problem.type === "typeError" ? `Must be of type ${problem.params?.type ?? "object"}` : problem.message;
  return problem.path ? { reason: reason || "Not valid", field: problem.path } : { reason: reason || "Not valid" };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
