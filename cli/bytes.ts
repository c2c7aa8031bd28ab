export { inBytes } from "../review/write/words";
