/** Word documents, written: docx. Loaded when one is exported. */

export * from "docx";
