/** The folder of the golden vectors; scripts/test.mjs puts it in. */
declare const VECTORS: string;
