// Written by scripts/types.mjs (make stubs). Do not edit.

/** Whether a civil month (`2026-01`) is over on a date (`2026-02-01`), so that it may enter a forecast. */
export declare function isWholeMonth(month: string, asOf: string): boolean

/** Opens or creates a DuckDB file and resolves to the one text that a query gives, such as `SELECT version()`. */
export declare function probe(path: string, sql: string): Promise<string>

/** An amount in its plain decimal form, exact: `rupiah("6000000")` is `6000000.00`. */
export declare function rupiah(amount: string): string

/** The version of the library. */
export declare function version(): string
