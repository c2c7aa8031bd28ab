/** One entry of the API's error list. */
export interface Reason {
  readonly reason: string;
  readonly field?: string;
}

/** An answer other than 200: the API's status and reasons. Everything a handler throws on purpose is one of these. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly reasons: readonly Reason[],
  ) {
    super(reasons.map((each) => each.reason).join(" "));
    this.name = "ApiError";
  }
}

/** 400 with one reason, and the field it speaks of. */
export function invalid(reason: string, field?: string): ApiError {
  return new ApiError(400, [field === undefined ? { reason } : { reason, field }]);
}

/** 404, in the API's own words. */
export function notFound(): ApiError {
  return new ApiError(404, [{ reason: "Not found" }]);
}

/** 400 "Linode busy.": another operation on this Linode is still in progress. */
export function busy(): ApiError {
  return invalid("Linode busy.");
}

/** 401: no token, a wrong one, or one that may not do this. */
export function unauthorized(reason = "Invalid Token"): ApiError {
  return new ApiError(401, [{ reason }]);
}

/** 501: the real API has this, the lab does not. */
export function notInLab(what: string): ApiError {
  return new ApiError(501, [{ reason: `The local Linode does not have this: ${what}. See docs/lab-fidelity.md.` }]);
}
