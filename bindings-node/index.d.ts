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
  /** The same with the expenses of each category, and with the probability that money runs out. */
  cashFlowChances(asOf: string): Promise<any>
  /**
   * Forecasts every category of the cash book in one `direction` (3 months when `horizon` is left out); they add up to
   * their total.
   */
  categoryForecasts(direction: 'income' | 'expense', asOf: string, horizon?: number | null): Promise<any>
  /** The next gift of every donor who has given, in columns. */
  nextGifts(asOf: string): Promise<any>
  /** Gifts that differ from what their donor usually gives. */
  unusualGifts(asOf: string): Promise<any[]>
  /** The churn score of every donor who gave, in columns. */
  churn(asOf: string): Promise<any>
  /** The segment of every donor who gave, in columns, and how many donors each segment has. */
  segments(asOf: string): Promise<any>
  /** The lifetime value of every donor who gave, in columns. */
  lifetimeValues(asOf: string): Promise<any>
  /** Tries every way of telling who will not give again on this charity's own past, and says which to use. */
  churnBacktest(asOf: string): Promise<any>
  /** What tells who will not give again: that of the settings, else what the backtest chose, such as `rule`. */
  churnMethod(asOf: string): Promise<string>
  /**
   * The outlook of every donor who gave, in columns: the chance of no further gift, and what is to be expected. `null`
   * where the rule score is what to use.
   */
  outlooks(asOf: string): Promise<any>
  /** The same by a model of the caller's choice: `bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb_monthly` and so on. */
  outlooksWith(method: string, asOf: string): Promise<any>
  /** Whom to call first, by what a call may save; without options those of the settings (`calls`). */
  recommend(asOf: string, options?: object | null): Promise<any[]>
  /** Donors in fifths by recency, frequency and money, in columns. */
  rfm(asOf: string): Promise<any>
  /** Retention over the whole civil years that have passed. */
  retention(asOf: string): Promise<any>
  /** Where every donor stands in the civil year of `asOf`, in columns: retained, LYBUNT, SYBUNT and so on. */
  standings(asOf: string): Promise<any>
  /** Months of donations outside their expected range. */
  incomeAnomalies(asOf: string): Promise<any>
  /** Screens the expenses of the cash book line by line. Lines that were accepted stay silent. */
  screen(asOf: string): Promise<any>
  /** "This is fine": the lines are not reported again by `screen` and in messages; with `accepted` false they may be. */
  acceptEntries(entries: number[], accepted?: boolean | null): Promise<null>
  /** The lines that were accepted, ascending. */
  acceptedEntries(): Promise<number[]>
  /** Where gifts and the cash book do not tell the same story; at most `limit` (100 when left out) of each kind. */
  bookings(asOf: string, limit?: number | null): Promise<any>
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

/** Watches values that come one at a time, every hour or every day. Its memory does not grow with them. */
export declare class Stream {
  /** Begins to watch. */
  constructor(options?: object | null)
  /** Takes the next value: `expected`, `p_value`, `score` (0 to 1) and `alarm`. */
  update(value: number): any
}

/**
 * Forecasts income and expense, two series that end with the same month, and carries `balance` (0 when left out)
 * forward.
 */
export declare function cashFlow(income: object, expense: object, balance?: number | string | null, options?: object | null): any[]

/** The same picture as PNG. */
export declare function chartPng(picture: object, options?: object | null): Buffer

/**
 * A picture as SVG text. The findings that the analyses answer with may be given as they are:
 * `{kind: 'forecast', history: series, forecast: forecast(series)}`, `{kind: 'cash_flow', cash_flow: …}`,
 * `{kind: 'cohorts', cohorts: retention(…).cohorts}`, `{kind: 'anomalies', name: …, history: …, anomalies: […]}`.
 */
export declare function chartSvg(picture: object, options?: object | null): string

/**
 * Tries rule, baselines and models on the past, and says which to use. `gifts` are columns `donor`, `day`, `total`, one
 * row a donor and day, in ascending order.
 */
export declare function churnBacktest(gifts: object, asOf: string, options?: object | null): Promise<any>

/**
 * How good chances of no gift were, now that it is known who left; `capacity` (0.1 when left out) is the share of donors
 * that there is time to call.
 */
export declare function churnEvaluate(pNoGift: number[], left: boolean[], capacity?: number | null): any

/**
 * Fits a model of repeat giving (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, `bg_bb`) to columns of donors: `frequency` (gifts
 * after the first), `recency` (time from the first to the last), `age` (time from the first to today).
 */
export declare function churnFit(repeat: object, options?: object | null): Promise<any>

/**
 * What a model says of each donor: the chance of no gift within the horizon, expected gifts, and so on. `fitted` is an
 * answer of `churnFit`, or `{model: 'bg_nbd', parameters: [0.8, 60, 0.8, 2.5]}`.
 */
export declare function churnPredict(fitted: object, repeat: object, options?: object | null): any

/**
 * Scores every donor from 0 (stays) to 100 (gone). `gifts` are columns of donors who gave: `donor`, `count`, `total`,
 * `first`, `last`, `recent` (gifts of the last three calendar months). The answer has columns too.
 */
export declare function churnScore(gifts: object, asOf: string, options?: object | null): any

/** Months of categories outside their expected range. Rows are `{category: 1, month: '2026-01', total: …, count: …}`. */
export declare function expenseAnomalies(rows: object[], asOf: string, options?: object | null): any

/**
 * What the first of `horizon` months (3 when left out) is made of, in one sentence of `language`: `id`, the default, or
 * `en`.
 */
export declare function explainForecast(series: object, horizon?: number | null, options?: object | null, language?: 'id' | 'en' | null): string

/**
 * Forecasts `horizon` months (3 when left out) after a series of whole months, `{first: '2025-11', values: [5600000, …]}`:
 * points with intervals, R², standard error, and notes.
 */
export declare function forecast(series: object, horizon?: number | null, options?: object | null): any

/** How well the methods would have forecast the last months of a series, side by side. Works on Node's thread pool. */
export declare function forecastBacktest(series: object, options?: object | null): Promise<any>

/**
 * Forecasts parts, `[{name: 'zakat', series: {…}}, …]`, and their total, so that they add up. `how` is `min_trace` (the
 * default), `bottom_up` or `top_down`; `total` is the total's own series where more is known of it.
 */
export declare function forecastMany(parts: object[], total?: object | null, horizon?: number | null, how?: string | null, options?: object | null): Promise<any>

/**
 * Rosner's generalised ESD test: up to `most` outliers among about normal values. `level` (0.05 when left out) is the
 * chance of finding any where there is none.
 */
export declare function generalisedEsd(values: number[], most: number, level?: number | null): any

/** Months of donations outside their expected range. Rows are `{month: '2026-01', total: …, count: …}`. */
export declare function incomeAnomalies(months: object[], asOf: string, options?: object | null): any

/** The lifetime value of every donor of the columns. */
export declare function lifetimeValue(gifts: object, asOf: string): any

/** A donor's next gift, from the dates and amounts of the gifts so far. */
export declare function nextGift(dates: string[], amounts: Array<number | string>, asOf: string, options?: object | null): any

/**
 * Retention by civil year, cohort and number of gifts. `giving` are columns `donor`, `year`, `count`, `total`, in
 * ascending order of donor and year.
 */
export declare function retention(giving: object, lastYear: number): any

/**
 * Donors in fifths by recency, frequency and money. `giving` are columns `donor`, `days` (with a gift), `first`, `last`,
 * `total`, `season_days` and `seasons` (zeros where none are known).
 */
export declare function rfm(giving: object, asOf: string): any

/**
 * Screens the expenses of a cash book: lines worth a look, each with its evidence. `lines` are columns `entry`,
 * `direction` (`income` or `expense`), `category`, `amount`, `date`, and where known `entered` and `text`; `accepted` are
 * lines that were found in order and stay silent.
 */
export declare function screen(lines: object, asOf: string, accepted?: number[] | null, options?: object | null): any

/** Sorts every donor into a segment; `neverGave` donors are not in the columns and are only counted. */
export declare function segments(gifts: object, asOf: string, neverGave?: number | null, options?: object | null): any

/**
 * Forecasts income and expense, carries `balance` (0 when left out) forward, and says how probable it is that money runs
 * out. With `soFar`, `{income: …, expense: …}` of the running month, the first month is the one after it.
 */
export declare function simulateCashFlow(income: object, expense: object, balance?: number | string | null, soFar?: object | null, options?: object | null): Promise<any>

/** Where every donor stands in a year: new, retained, recaptured, LYBUNT or SYBUNT. `giving` as for `retention`. */
export declare function standings(giving: object, year: number): any

/** Gifts that are unusual for their donor. `gifts` are columns `donor`, `amount`, `date`. */
export declare function unusualGifts(gifts: object, asOf: string, options?: object | null): any[]

/** Single entries far from the others of their category. `entries` are columns: `entry`, `category`, `amount`, `date`. */
export declare function unusualTransactions(entries: object, asOf: string, options?: object | null): any

/** The version of the library. */
export declare function version(): string
