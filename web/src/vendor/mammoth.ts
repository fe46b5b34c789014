/** Word documents, read: mammoth. Loaded when one is imported. */

export { default as mammoth } from "mammoth";
