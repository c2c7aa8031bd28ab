import { invalid, notFound } from "./errors";
import { applyFilter, parseFilter } from "./filters";

/** A list as the API answers it. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly page: number;
  readonly pages: number;
  readonly results: number;
}

/** What a list request says about paging and filtering. */
export interface ListRequest {
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly filter: string | undefined;
}

/** Filters, orders and cuts out the page asked for. `keys` may be filtered on; anything else is refused. */
export function paginate<T extends object>(
  items: readonly T[],
  keys: readonly string[],
  request: ListRequest,
): Page<T> {
  const size = whole(request.query["page_size"], 100);
  if (size === undefined || size < 25 || size > 500) throw invalid("Must be 25-500", "page_size");
  const page = whole(request.query["page"], 1);
  if (page === undefined || page < 1) throw invalid("Must be a positive integer", "page");
  const found = applyFilter(items, parseFilter(request.filter, keys));
  const pages = Math.max(1, Math.ceil(found.length / size));
  // Clients ask for page 100 to try a token without reading anything, so a page beyond the last one is empty, not an error.
  return { data: found.slice((page - 1) * size, page * size), page, pages, results: found.length };
}

/** A path parameter that must be a number; anything else cannot name something that exists. */
export function idOf(text: string | undefined): number {
  const id = whole(text, undefined);
  if (id === undefined) throw notFound();
  return id;
}

function whole(text: string | undefined, missing: number | undefined): number | undefined {
  if (text === undefined) return missing;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
