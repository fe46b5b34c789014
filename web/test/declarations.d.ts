/** The folder of the golden vectors; scripts/test.mjs puts it in. */
declare const VECTORS: string;
/** `node_modules`, for test data that packages bring. */
declare const PACKAGES: string;
