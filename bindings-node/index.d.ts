// Written by scripts/types.mjs (make stubs). Do not edit.

/**
 * A charity's analytics over a file or over memory: load, analyse, answer. Every method works on Node's thread pool
 * and takes the date that it is as of, such as `2026-01-31`: a civil date of the organisation, which a `Date` is not.
 */
export declare class Analytics {
  /**
   * Opens or creates an analytics file. Settings are an object, or TOML text, with the keys of the Rust library; what
   * is left out keeps its default.
   */
  static open(path: string, settings?: object | string | null): Promise<Analytics>
  /** Analytics that last as long as this object. */
  static inMemory(settings?: object | string | null): Promise<Analytics>
  /** Lets go of the file; others can open it when the calls that still run have ended. Calls afterwards are refused. */
  close(): void
  /** The settings, defaults included. */
  settings(): Promise<any>
  /** The state of the last good load; `null` before it. */
  state(): Promise<any>
  /**
   * Loads from MySQL or MariaDB, given as `mysql://user:password@host/database` or as an object of options: full the
   * first time, incremental afterwards. Resolves to the report of the load. Readers see all of a load or none.
   */
  loadMysql(source: string | object, asOf: string, mapping?: object | string | null): Promise<any>
  /** Loads from a folder with a CSV or Parquet file for each table. */
  loadFolder(folder: string, asOf: string, mapping?: object | string | null, options?: object | null): Promise<any>
  /** Loads an orphanage that does not exist, for trying: the same seed, the same rows. As of its `as_of`, 2026-01-20. */
  loadSample(options?: object | null): Promise<any>
  /** Forecasts monthly donations (3 months when `horizon` is left out); the first month is the running one. */
  donationForecast(asOf: string, horizon?: number | null): Promise<any>
  /** Forecasts income, expense and balance of the months after the running one. */
  cashFlow(asOf: string): Promise<any[]>
  /** The churn score of every donor who gave, in columns. */
  churn(asOf: string): Promise<any>
  /** The segment of every donor who gave, in columns, and how many donors each segment has. */
  segments(asOf: string): Promise<any>
  /** The lifetime value of every donor who gave, in columns. */
  lifetimeValues(asOf: string): Promise<any>
  /** Months of expense categories outside their expected range. */
  expenseAnomalies(asOf: string): Promise<any>
  /** Single expenses far from their category's usual amounts. */
  unusualTransactions(asOf: string): Promise<any>
  /** Money in and out in one month, such as `2026-01`, and the children it was for. */
  monthlyReport(month: string): Promise<any>
  /** The names of donors, in the order asked for. */
  donorNames(donors: number[]): Promise<string[]>
  /** The message that thanks a donor; `null` for one who is not there or never gave. */
  thankYou(donor: number, asOf: string): Promise<string | null>
  /**
   * Answers a text of a WhatsApp sender, such as `6281234567890`: `reply` (`null` to stay silent), `session` (to be
   * given back with the sender's next text), `command`, `effect` and `error`. Nothing is sent.
   */
  reply(sender: string, text: string, asOf: string, session?: object | null): Promise<any>
}

/**
 * Forecasts income and expense, two series that end with the same month, and carries `balance` (0 when left out)
 * forward.
 */
export declare function cashFlow(income: object, expense: object, balance?: number | string | null, options?: object | null): any[]

/**
 * Scores every donor from 0 (stays) to 100 (gone). `gifts` are columns of donors who gave: `donor`, `count`, `total`,
 * `first`, `last`, `recent` (gifts of the last three calendar months). The answer has columns too.
 */
export declare function churnScore(gifts: object, asOf: string, options?: object | null): any

/** Months of categories outside their expected range. Rows are `{category: 1, month: '2026-01', total: …, count: …}`. */
export declare function expenseAnomalies(rows: object[], asOf: string, options?: object | null): any

/**
 * Forecasts `horizon` months (3 when left out) after a series of whole months, `{first: '2025-11', values: [5600000, …]}`:
 * points with intervals, R², standard error, and notes.
 */
export declare function forecast(series: object, horizon?: number | null, options?: object | null): any

/** The lifetime value of every donor of the columns. */
export declare function lifetimeValue(gifts: object, asOf: string): any

/** Sorts every donor into a segment; `neverGave` donors are not in the columns and are only counted. */
export declare function segments(gifts: object, asOf: string, neverGave?: number | null, options?: object | null): any

/** Single entries far from the others of their category. `entries` are columns: `entry`, `category`, `amount`, `date`. */
export declare function unusualTransactions(entries: object, asOf: string, options?: object | null): any

/** The version of the library. */
export declare function version(): string
