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
  /** Whom to call first, by P(no gift) times expected value; without options those of the settings (`calls`). */
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
  /**
   * "This is fine" of whole months, such as `expenseAnomalies` and `incomeAnomalies` report them: a month is not reported
   * again while its sum stays the same. Without a `category` it is that of all donations.
   */
  acceptMonths(months: any[], accepted?: boolean | null): Promise<null>
  /** The months that were accepted, ascending; those of donations come first. */
  acceptedMonths(): Promise<any[]>
  /** Where gifts and the cash book do not tell the same story; at most `limit` (100 when left out) of each kind. */
  bookings(asOf: string, limit?: number | null): Promise<any>
  /** Months of expense categories outside their expected range. */
  expenseAnomalies(asOf: string): Promise<any>
  /** Single lines of the last days that are strange enough for a message, each with its identity; the strangest first. */
  entryFindings(asOf: string): Promise<any[]>
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
  /**
   * Answers a text and carries out in the register what it asks for. `turn` has `sender`, `text`, `now`, `as_of`, `random`
   * (new secure randomness each time), and where known `session`, `lid`, `channel`, `own`. Resolves to the `answer`, whom
   * it goes `to`, other messages `owed`, and `deeds` for the host. Nothing is sent.
   */
  converse(register: Register, turn: object): Promise<any>
  /** The donors who may be written to, with one number each. */
  recipients(register: Register): Promise<Array<[number, string]>>
  /**
   * Thanks for gifts that nobody has been thanked for: `message`, `donor`, `gifts`. None unless the settings switch
   * thanks on.
   */
  thanksOwed(register: Register, asOf: string): Promise<any[]>
  /** Notes that one of `thanksOwed` is in the outbox. */
  noteThanks(register: Register, thanks: object, now: Date | string): Promise<null>
  /** Drafts greetings for donors at risk: those that wait for an administrator, as pairs of number and name, and how many. */
  draftGreetings(register: Register, asOf: string, now: Date | string): Promise<any>
  /** The approved greetings with their messages; to be settled as `sent` once they went out. */
  greetingsOwed(register: Register, asOf: string): Promise<any[]>
  /** Who gave again within 60 days, of those greeted and of those proposed and not greeted. */
  careOutcome(register: Register, asOf: string): Promise<any>
  /** Whose number it is: proved here, or verified in the source's tables and neither it nor the donor erased. */
  donorOf(register: Register, number: string): Promise<number | null>
  /** Takes back greetings that are not wanted any more: whose donor has given since, or that nobody sent within 14 days. */
  withdrawGreetings(register: Register, asOf: string, now: Date | string): Promise<any[]>
  /**
   * The messages that tell that a confirmed wish to be erased is done, to each number that it will sever. Nothing is
   * changed: who keeps them before `completeErasure` loses none.
   */
  erasureNotices(register: Register, erasure: number): Promise<any[]>
  /** Severs the identity of a confirmed wish to be erased; the messages that tell so. */
  completeErasure(register: Register, erasure: number, now: Date | string): Promise<any[]>
  /** The donors at risk with their reasons, the one to call first at the top. */
  risks(asOf: string): Promise<any>
  /** How fresh and how large the facts are. */
  status(asOf: string): Promise<any>
  /** Rows in quarantine, `limit` (100 when left out) at most. */
  quarantine(limit?: number | null): Promise<any[]>
}

/** Keeps what a gateway brought until it is answered, and conversations. A message that comes again is kept once. */
export declare class Inbox {
  /** Opens or creates an inbox file; the outbox and the register may live in the same one. */
  static open(path: string): Promise<Inbox>
  /** An inbox that lasts as long as this object. */
  static inMemory(): Promise<Inbox>
  /**
   * Writes many things in one transaction: `{keep: {event: …, now: …}}` with an event of `Transport.parse`,
   * `{settle: {seq: …, outcome: 'answered', session: [number, …], now: …}}`. Answers `new`, `known` or `ignored` for each.
   */
  commit(steps: object[]): Promise<string[]>
  /** What waits for an answer, in the order of arrival, after a `seq` (0 when left out), `limit` (100) at most. */
  pending(after?: number | null, limit?: number | null): Promise<any[]>
  /** How much waits. */
  backlog(): Promise<number>
  /** The conversation with a number, as `Analytics.converse` and `reply` take it. */
  session(number: string): Promise<any>
  /** Removes what was settled before a moment. How many. */
  prune(before: Date | string): Promise<number>
  /** Removes what a number wrote, and its conversation. How many messages. */
  erase(number: string): Promise<number>
}

/**
 * Messages wait here, durably, until a gateway has taken them over. A file may be open in several processes. Moments
 * (`now`) are a `Date` or text with a time zone.
 */
export declare class Outbox {
  /** Opens or creates an outbox file; the register and the inbox may live in the same one. */
  static open(path: string): Promise<Outbox>
  /** An outbox that lasts as long as this object. */
  static inMemory(): Outbox
  /**
   * Puts messages in: objects with `key` (unique for good), `lane`, `to`, `text`, and `priority` (`reply`, `alert`,
   * `thanks`, `care`, or `batch`, the default), `kind`, `donor`, `batch`, `not_before`, `expires` and so on. Resolves to
   * how many were `added`, `present` already, or `opted_out`.
   */
  put(drafts: object[], now: Date | string): Promise<any>
  /** Keeps the picture (PNG or JPEG) of a batch; messages with `picture: true` go out with it. */
  putPicture(batch: string, name: string, mediaType: string, bytes: Uint8Array, now: Date | string): Promise<null>
  /**
   * The messages that a filter lets through, oldest first, without their texts, numbers masked. `filter` has `stage`,
   * `delivery`, `kind`, `batch`, `lane`, `donor`, `after` and `limit` (100).
   */
  list(filter?: object | null): Promise<any[]>
  /** One message by its key; `null` where there is none. */
  find(key: string): Promise<any>
  /** The text of a message; `null` when it is not there or its text was severed. */
  text(id: number): Promise<string | null>
  /** How many messages are in each stage, of one batch or of all. */
  counts(batch?: string | null): Promise<any>
  /** How far each batch is, the newest first; `limit` (20 when left out) of them. */
  batches(limit?: number | null): Promise<any[]>
  /** Every lane with messages or a halt. */
  lanes(): Promise<any[]>
  /** Does what an administrator decided on one message. */
  decide(id: number, decision: 'retry' | 'sent' | 'not_sent' | 'discard', now: Date | string): Promise<any>
  /** Halts a lane: `{kind: 'command', reason: '…', since: …, probe_at: null}`. */
  halt(lane: string, halt: object): Promise<null>
  /** Lets a lane go on, whatever halted it, or only if `kind` did. Whether it was so halted. */
  resume(lane: string, kind?: string | null): Promise<boolean>
  /** Moves what is queued in one lane to another, after a change of the gateway. How many messages that were. */
  transfer(lane: string, to: string): Promise<number>
  /** Notes that a number wants no messages, and takes out what waits for it. How many messages that were. */
  optOut(number: string, now: Date | string): Promise<number>
  /** Notes that a number wants messages again. Whether it had opted out. */
  optIn(number: string): Promise<boolean>
  /** Since when a number wants no messages. */
  optedOut(number: string): Promise<string | null>
  /** Marks a leased message as being sent, to be called before its first byte goes out. `false`: it must not be sent. */
  markSending(ticket: object, now: Date | string): Promise<boolean>
  /** Follows what the gateway tells about an accepted message, an event of `Transport.parse`. `false`: not known (yet). */
  status(change: object, now: Date | string): Promise<boolean>
  /** Takes back what `holder`, known to be dead, held, or without one what was held too long. */
  reclaim(now: Date | string, holder?: string | null): Promise<any>
  /** Severs a person, `{number: …}` or `{donor: …}`, from the messages. How many messages that were. */
  erase(whom: object, now: Date | string): Promise<number>
  /**
   * Severs the persons from messages that were over before `persons_before`, and removes those before
   * `messages_before` (`null` for none); from those unknown since before `unknown_before`, too, where it is there.
   */
  prune(retention: object): Promise<any>
}

/**
 * Remembers who may be written to: proved numbers, consent, opt-outs, erasures, greetings, thanks. Codes go through
 * `Analytics.converse`. A file may be open in several processes.
 */
export declare class Register {
  /** Opens or creates a register file. `key` is 32 bytes of secure randomness, used and kept when the file is new. */
  static open(path: string, key: Uint8Array, options?: object | null): Promise<Register>
  /** A register that lasts as long as this object. */
  static inMemory(key: Uint8Array, options?: object | null): Register
  /** What is known of a number: `verified`, `opted_out`, `erased`. */
  standing(number: string): Promise<any>
  /** The numbers proved to be a donor's. */
  numbers(donor: number): Promise<any[]>
  /** All proved numbers. */
  everyone(): Promise<any[]>
  /** Notes a number as a donor's without a code: the administrator vouches for it. */
  verify(number: string, donor: number, now: Date | string): Promise<null>
  /** Notes consent or its withdrawal (`number`, `version`, `at`, `channel`, `given`); `text` is what was agreed to. */
  consent(consent: object, text: string): Promise<null>
  /** The notes of consent of a number, the oldest first. */
  consents(number: string): Promise<any[]>
  /** The text of a version of the consent. */
  consentText(version: string): Promise<string | null>
  /** No more messages to a number, or with `out` false messages again. Whether that changed anything. */
  optOut(number: string, now: Date | string, out?: boolean | null): Promise<boolean>
  /** Notes a wish to be erased; one that is open already is returned in its place. */
  requestErasure(donor: number, number: string, now: Date | string): Promise<any>
  /** The donor means it. `null` when there is no wish of that number. */
  confirmErasure(number: string, now: Date | string): Promise<any>
  /**
   * Severs the identity of a confirmed wish, and of `named`, the donor's numbers in the charity's own tables. Resolves to
   * the numbers, which are known nowhere afterwards; `Analytics.completeErasure` knows those, and makes the last message.
   */
  erase(erasure: number, now: Date | string, named?: string[] | null): Promise<string[]>
  /** Of these donors, those that were erased and have proved no number since, ascending. */
  erased(donors: number[]): Promise<number[]>
  /** All wishes to be erased, the oldest first. */
  erasures(): Promise<any[]>
  /** Notes that somebody's data were used: `donor`, `purpose` (`report`, `thanks`, …), `at`. */
  processed(processing: object): Promise<null>
  /** What was done with a donor's data, the oldest first. */
  processing(donor: number): Promise<any[]>
  /** All greetings, the oldest first; or those that are `drafted`, `approved`, `rejected`, `sent` or `withdrawn`. */
  greetings(state?: string | null): Promise<any[]>
  /** Moves greetings on. Resolves to those that moved. */
  settle(greetings: number[], to: 'approved' | 'rejected' | 'sent' | 'withdrawn', now: Date | string): Promise<any[]>
  /** Of these gifts, those that nobody has been thanked for. */
  unthanked(gifts: number[]): Promise<number[]>
  /** Notes that these gifts (`donation`, `donor`, `date`) were thanked for, for good. */
  thanked(gifts: object[], now: Date | string): Promise<null>
  /** The gifts of these donors from a day on that were thanked for. */
  thanks(donors: number[], since: string): Promise<any[]>
  /** Forgets what need not be remembered; notes of processing before `before`. How many of those went. */
  prune(before: Date | string, now: Date | string): Promise<number>
}

/** What has run, in a file. One period of a job runs once. */
export declare class Runs {
  /** Opens or creates the file; it may be the inbox's. */
  static open(path: string): Promise<Runs>
  /** Gone with this object. */
  static inMemory(): Promise<Runs>
  /** Notes that a job's period is begun. `false`: it is done already, and must not be begun. */
  begin(job: string, period: string, now: Date | string): Promise<boolean>
  /** Notes that it ended, done or failed. */
  end(job: string, period: string, done: boolean, now: Date | string): Promise<null>
  /** Notes that what it needs is not there yet: the try does not count, and it is due again soon. */
  postpone(job: string, period: string, now: Date | string): Promise<null>
  /** What has run, for `due`. */
  past(): Promise<any[]>
  /** Forgets what ran before a moment, but for reports. */
  prune(before: Date | string): Promise<null>
}

/** Watches values that come one at a time, every hour or every day. Its memory does not grow with them. */
export declare class Stream {
  /** Begins to watch. */
  constructor(options?: object | null)
  /** Takes the next value, null or NaN if it is missing: `expected`, `p_value`, `score` (0 to 1) and `alarm`. */
  update(value: number | null): any
}

/** A gateway. */
export declare class Transport {
  /** Fonnte, by its options (`token`, `device`, `webhook_secret`, …). Nothing is asked yet. */
  static fonnte(options: object): Transport
  /** The WhatsApp Cloud API, by its options (`phone_number_id`, `token`, `app_secret`, `verify_token`, …). */
  static cloud(options: object): Transport
  /** Writes to the standard output what would go out, numbers masked. */
  static console(): Transport
  /**
   * The test mode: accepts everything and hands to this gateway only what is for `lettingThrough`, such as an
   * administrator's number. Webhooks and health are the gateway's own.
   */
  dryRun(lettingThrough?: Array<string> | undefined | null): Transport
  /** How many messages `dryRun` has held back; `null` where the gateway sends. */
  get held(): number | null
  /**
   * This gateway at a pace: from `least` to `most` seconds from one message to the next, chosen evenly by `seed`.
   * `send` waits. A `Worker` needs none of it: outboxes have a pace of their own.
   */
  throttle(least: number, most: number, seed: number): Transport
  /**
   * Asks Fonnte which numbers are on WhatsApp: `registered`, `not_registered`, `unanswered`, or the `outcome` and
   * `reason` of a failure. Other gateways cannot (`invalid_input`).
   */
  validate(numbers: Array<string>): Promise<any>
  /** Its name in lower case. */
  get name(): string
  /** What it can do. */
  capabilities(): any
  /** Hands one message over, `{key: …, to: …, text: …}`, and says what the gateway answered, as `fonnteAnswer`. */
  send(envelope: object): Promise<any>
  /**
   * Reads a webhook: `{events: […]}`, or `{refused: 'forged'}` (answer 401), `other_device` (403), `malformed` (400).
   * Nothing is sent or remembered.
   */
  parse(body: Uint8Array, headers?: Record<string, string> | null): any
  /** Asks the gateway how the line is: `connected`, `quota` and `detail`, or the `outcome` and `reason` of a failure. */
  health(): Promise<any>
}

/** Serves one lane with one gateway. `seed` must be another random whole number (up to 2⁵³) at each step. */
export declare class Worker {
  /**
   * A worker; two that run at the same time must not share a `holder`'s name. `timeZone` (`Asia/Jakarta` when left out)
   * is that of the quiet hours.
   */
  constructor(lane: string, holder: string, options?: object | null, timeZone?: string | null)
  /** To be called once before the first step: takes back what a dead worker of the same name held. */
  start(outbox: Outbox, now: Date | string): Promise<any>
  /** To be called after the last step: what it still holds is queued again. */
  stop(outbox: Outbox, now: Date | string): Promise<any>
  /** Takes one step: at most one message goes out. A thread of the pool waits while the gateway does. */
  step(outbox: Outbox, transport: Transport, now: Date | string, seed: number): Promise<any>
  /** Leases the next message, for a host that sends by itself: `{message: {…}}`, `{wait: …}` or `{halted: {…}}`. */
  lease(outbox: Outbox, now: Date | string, seed: number): Promise<any>
  /**
   * Writes down what the gateway answered (`{outcome: 'accepted', id: …}`, or what `fonnteAnswer` says) to a leased
   * message that was marked as being sent. Resolves to its stage.
   */
  settle(outbox: Outbox, leased: object, answer: object, now: Date | string, seed: number): Promise<string>
  /** A word from the gateway about the device: halts the lane, or lets it go on. Whether anything changed. */
  device(outbox: Outbox, change: object, now: Date | string): Promise<boolean>
}

/** First digits of amounts against Benford's law; from 1,000 amounts on, and not where many are rounded. */
export declare function benford(amounts: Array<number | string>): any

/**
 * Forecasts income and expense, two series that end with the same month, and carries `balance` (0 when left out)
 * forward.
 */
export declare function cashFlow(income: object, expense: object, balance?: number | string | null, options?: object | null): any[]

/**
 * The months after the running one, from today's `balance` (0 when left out) on; `soFar` is what the running month has
 * brought, `{income: …, expense: …}`.
 */
export declare function cashFlowAhead(income: object, expense: object, balance?: number | string | null, soFar?: object | null, options?: object | null): Promise<any>

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
 * after the first), `recency` (time from the first to the last), `age` (time from the first to today). In the answer
 * `information` is the share of each parameter that the data tell, and `weak` says where the prior tells more.
 */
export declare function churnFit(repeat: object, options?: object | null): Promise<any>

/**
 * What is to be expected of each donor by a model (`bg_nbd`, `mbg_nbd`, `pareto_nbd`, or with `opportunities` `bg_bb_monthly`
 * and so on). `giving` as for `rfm`; `seasons` are the first and last days of Ramadans up to a year past the horizon.
 */
export declare function churnOutlook(giving: object, method: string, asOf: string, opportunities?: object | null, seasons?: Array<[string, string]> | null, options?: object | null): Promise<any>

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

/** What the WhatsApp Cloud API's answer to a message means. */
export declare function cloudAnswer(status: number, body: Uint8Array): any

/** The answer to the platform's question when a webhook is set up; `null` when the question is not for us. */
export declare function cloudChallenge(options: object, mode: string, token: string, challenge: string): string | null

/**
 * The jobs whose hour has come and that have not run, facts first. `past` is what `Runs.past` says; `timeZone` is
 * `Asia/Jakarta` when left out.
 */
export declare function due(now: Date | string, past: object[], options?: object | null, timeZone?: string | null): any[]

/** Months of categories outside their expected range. Rows are `{category: 1, month: '2026-01', total: …, count: …}`. */
export declare function expenseAnomalies(rows: object[], asOf: string, options?: object | null): any

/**
 * What the first of `horizon` months (3 when left out) is made of, in one sentence of `language`: `id`, the default, or
 * `en`.
 */
export declare function explainForecast(series: object, horizon?: number | null, options?: object | null, language?: 'id' | 'en' | null): string

/** Fits what a gift is worth (Gamma-Gamma) to columns of donors: `gifts`, how many, and `mean`, their mean value. */
export declare function fitSpending(spending: object, options?: object | null): Promise<any>

/** What Fonnte's answer to `/send` means: `outcome` (`accepted`, `retry`, `pause_quota`, …), `id`, `quota`, `after`, `reason`. */
export declare function fonnteAnswer(status: number, body: Uint8Array): any

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

/** The month whose report was missed, for the administrators to know. */
export declare function missedReport(now: Date | string, past: object[], options?: object | null, timeZone?: string | null): string | null

/** A donor's next gift, from the dates and amounts of the gifts so far. */
export declare function nextGift(dates: string[], amounts: Array<number | string>, asOf: string, options?: object | null): any

/**
 * The same for many donors at once: the gifts of donor `i` are those from `starts[i]` to `starts[i + 1]`, the end for the
 * last. One answer a donor.
 */
export declare function nextGifts(starts: number[], dates: string[], amounts: Array<number | string>, asOf: string, options?: object | null): Promise<any>

/** The normal form of a WhatsApp number as people write it: `0812-3456-7890` is `6281234567890`. */
export declare function parseNumber(text: string): string

/** The expected value of each donor's next gifts; `fitted` is an answer of `fitSpending`. */
export declare function predictSpending(fitted: object, spending: object): number[]

/** Who wrote, as a gateway names them: `{person: '6281234567890'}`, or `group`, `broadcast`, `unknown`. */
export declare function readSender(name: string): any

/** Whom to call first, by P(no gift) times expected value; `outlooks` is an answer of `churnOutlook`. */
export declare function recommend(outlooks: object, options?: object | null): any[]

/** The same by the rule: `scores` and `values` are answers of `churnScore` and `lifetimeValue`. */
export declare function recommendByRule(scores: object, values: object, options?: object | null): any[]

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

/** Numbers that are missing in a sequence, the widest `most` (10 when left out) gaps. */
export declare function sequenceGaps(entries: number[], most?: number | null): any[]

/**
 * Forecasts income and expense, carries `balance` (0 when left out) forward, and says how probable it is that money runs
 * out. With `soFar`, `{income: …, expense: …}` of the running month, the first month is the one after it.
 */
export declare function simulateCashFlow(income: object, expense: object, balance?: number | string | null, soFar?: object | null, options?: object | null): Promise<any>

/**
 * The same by category: `income` and `expense` are lists of `{name: 'zakat', series: {…}}`, each is forecast, and in every
 * month they add up to the totals.
 */
export declare function simulateCashFlowByCategory(income: object[], expense: object[], balance?: number | string | null, soFar?: object | null, options?: object | null): Promise<any>

/** Where every donor stands in a year: new, retained, recaptured, LYBUNT or SYBUNT. `giving` as for `retention`. */
export declare function standings(giving: object, year: number): any

/** Gifts that are unusual for their donor. `gifts` are columns `donor`, `amount`, `date`. */
export declare function unusualGifts(gifts: object, asOf: string, options?: object | null): any[]

/** Single entries far from the others of their category. `entries` are columns: `entry`, `category`, `amount`, `date`. */
export declare function unusualTransactions(entries: object, asOf: string, options?: object | null): any

/** The version of the library. */
export declare function version(): string
