export { DRAWINGS, GraphError, readPicture, touchedBy, type DrawingFormat } from "./graph";
export { review, type ReviewOptions } from "./classify";
export { parsePreview, planOf, PreviewError, type Plan, type Step } from "./parse";
export { DEFAULT_FAIL_ON, exitCodeFor, rankInfo, rankNamed, RANKS, type Rank, type ReviewExit } from "./ranks";
export type { Finding, Reason, Review } from "./review";
export { parseStatus, StatusError, type KnownStatus } from "./status";
export { WRITERS, type Format, type Writer } from "./write";
