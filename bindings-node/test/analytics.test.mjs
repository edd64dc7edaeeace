// A made-up organisation, from open to close.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Analytics, churnScore, forecast } from 'dermawan'

const asOf = '2026-01-20'
let sample
let folder

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dermawan-'))
  sample = await Analytics.inMemory()
  await sample.loadSample()
})

after(() => {
  sample.close()
  rmSync(folder, { recursive: true })
})

test('open, load, look, close, open again: what was loaded is there', async () => {
  const path = join(folder, 'charity.duckdb')
  const analytics = await Analytics.open(path, { organisation: { name: 'Panti Contoh', language: 'en' } })
  assert.equal(await analytics.state(), null)
  const report = await analytics.loadSample({ months: 24, donations: 2000 })
  assert.ok(report.tables.some(({ table }) => table === 'donations'))
  assert.equal((await analytics.state()).as_of, asOf)
  assert.equal((await analytics.settings()).organisation.name, 'Panti Contoh')
  const { points } = (await analytics.donationForecast(asOf, 2)).forecast
  assert.deepEqual(points.map(({ month }) => month), ['2026-01', '2026-02'])
  assert.ok(points.every(({ lower, value, upper }) => lower <= value && value <= upper))
  // Asked before it was closed, answered after.
  const state = analytics.state()
  analytics.close()
  assert.equal((await state).run, 1)
  await assert.rejects(analytics.state(), { code: 'invalid_input', hint: 'open the file again' })

  const again = await Analytics.open(path, 'risk_list = 3')
  assert.equal((await again.state()).run, 1)
  assert.equal((await again.settings()).risk_list, 3)
  again.close()
})

test('the balance is carried forward', async () => {
  const months = await sample.cashFlow(asOf)
  assert.deepEqual(months.map(({ month }) => month), ['2026-02', '2026-03', '2026-04'])
  for (let i = 1; i < months.length; i++) {
    const { predicted_income: income, predicted_expense: expense, predicted_balance: balance } = months[i]
    assert.ok(Math.abs(months[i - 1].predicted_balance + income - expense - balance) < 0.01)
  }
})

test('every donor has a score, a segment and a value', async () => {
  const [scores, segments, values] = await Promise.all([sample.churn(asOf), sample.segments(asOf), sample.lifetimeValues(asOf)])
  assert.ok(scores.donor.length > 300)
  assert.deepEqual(scores.donor, segments.donor)
  assert.deepEqual(scores.donor, values.donor)
  assert.equal(segments.segment.filter((name) => name === 'champions').length, segments.counts.champions)
  assert.ok(scores.score.every((score) => score >= 0 && score <= 100))
})

test('reports', async () => {
  assert.ok((await sample.expenseAnomalies(asOf)).tested > 3)
  assert.ok((await sample.unusualTransactions(asOf)).tested > 1000)
  assert.ok((await sample.entryFindings(asOf)).every((pair) => pair.length === 2))
  const report = await sample.monthlyReport('2025-12')
  assert.equal(report.children, 25)
  assert.equal(report.expense, report.categories.reduce((sum, { amount }) => sum + amount, 0))
})

test('the bot answers, and remembers what it is given', async () => {
  const answer = await sample.reply('6281000000000', 'menu', asOf)
  assert.match(answer.reply, /REKENING/)
  assert.deepEqual([answer.command, answer.error], ['menu', null])
  const first = await sample.reply('6281000000000', 'xyzzy', asOf, answer.session)
  assert.ok(first.reply && first.session.hinted)
  assert.equal((await sample.reply('6281000000000', 'xyzzy', asOf, first.session)).reply, null)
  assert.equal((await sample.reply('123@g.us', 'menu', asOf)).reply, null)
  assert.deepEqual(await sample.donorNames([1]), ['Pak Budi'])
  assert.match(await sample.thankYou(1, asOf), /Pak Budi/)
  assert.equal(await sample.thankYou(1e9, asOf), null)
})

test('a folder of files loads', async () => {
  writeFileSync(join(folder, 'donors.csv'), 'id,name\n1,Pak Budi\n')
  writeFileSync(join(folder, 'donations.csv'), 'id,donor_id,jumlah,date\n1,1,5600000,2025-11-02\n2,1,5800000.00,2025-12-02\n3,1,6000000,2026-01-02\n')
  const rest = ['categories', 'cash_entries', 'contacts', 'accounts', 'children']
  const mapping = Object.fromEntries(rest.map((table) => [table, { required: false }]))
  const analytics = await Analytics.inMemory()
  await analytics.loadFolder(folder, '2026-02-03', mapping)
  assert.deepEqual((await analytics.lifetimeValues('2026-02-03')).total_value, [17_400_000])
  analytics.close()
})

const refused = {
  'a folder that is not there': [(a) => a.loadFolder('/nowhere', asOf), 'io'],
  'a server that is not there': [(a) => a.loadMysql('mysql://u:sesame@127.0.0.1:1/panti', asOf), 'source_unavailable'],
  'an unknown option': [async (a) => a.loadMysql({ database: 'panti', passwort: 'sesame' }, asOf), 'invalid_input'],
  'no history': [(a) => a.donationForecast(asOf), 'not_enough_history'],
  'a month that is none': [(a) => a.monthlyReport('January'), 'invalid_input'],
  'a date that is none': [(a) => a.churn('2026-02-30'), 'invalid_input'],
  'a horizon below zero': [async (a) => a.donationForecast(asOf, -1), 'invalid_input'],
  'settings out of range': [async () => Analytics.inMemory('risk_score = 101'), 'configuration'],
  'a number where text is wanted': [async () => Analytics.inMemory({ organisation: { administrators: [6281234] } }), 'invalid_input'],
  'a file in no folder': [() => Analytics.open('/nowhere/a.duckdb'), 'io'],
  'not a number': [async () => forecast({ first: '2026-01', values: [1, NaN, 3] }), 'invalid_input'],
  'a Date': [async () => churnScore({ donor: [1], count: [1], total: [1], first: [new Date(0)], last: [new Date(0)], recent: [0] }, asOf), 'invalid_input'],
}

for (const [name, [call, code]] of Object.entries(refused)) {
  test(`refused with its code, and no secret: ${name}`, async () => {
    const analytics = await Analytics.inMemory()
    await assert.rejects(call(analytics), (error) => {
      assert.ok(error instanceof Error)
      assert.equal(error.code, code, error.message)
      assert.ok(!/sesame|6281234/.test(error.message), error.message)
      return true
    })
    analytics.close()
  })
}

test('the event loop goes on while the pool works', async () => {
  const analytics = await Analytics.inMemory()
  let ticks = 0
  const clock = setInterval(() => ticks++, 5)
  await analytics.loadSample({ donations: 60_000 })
  clearInterval(clock)
  assert.ok(ticks > 3, `${ticks} ticks`)
  analytics.close()
})

test('who is leaving, and whom to call', async () => {
  const backtest = await sample.churnBacktest(asOf)
  const methods = backtest.outcomes.map(({ method }) => method)
  assert.ok(['rule', 'base_rate', 'mbg_nbd'].every((method) => methods.includes(method)), methods.join())
  assert.equal(await sample.churnMethod(asOf), backtest.chosen)
  assert.equal((await sample.outlooks(asOf)) === null, ['rule', 'recency', 'base_rate'].includes(backtest.chosen))

  const outlooks = await sample.outlooksWith('mbg_nbd', asOf)
  assert.deepEqual(outlooks.donor, (await sample.churn(asOf)).donor)
  assert.ok(outlooks.p_no_gift.every((p) => p >= 0 && p <= 1))
  assert.deepEqual([outlooks.method, outlooks.fitted.model], ['mbg_nbd', 'mbg_nbd'])
  await assert.rejects(sample.outlooksWith('rule', asOf), { code: 'invalid_input' })
  await assert.rejects(async () => sample.outlooksWith('crystal_ball', asOf), { code: 'invalid_input' })

  const calls = await sample.recommend(asOf)
  assert.ok(calls.length > 0 && calls.length <= (await sample.settings()).calls.capacity)
  assert.deepEqual(await sample.recommend(asOf, { capacity: 2 }), calls.slice(0, 2))
})

test('the tables of the sector', async () => {
  const { donor } = await sample.churn(asOf)
  const rfm = await sample.rfm(asOf)
  assert.deepEqual(rfm.donor, donor)
  assert.equal(rfm.score[0], 100 * rfm.recency[0] + 10 * rfm.frequency[0] + rfm.monetary[0])
  const { years } = await sample.retention(asOf)
  assert.equal(years.at(-1).year, 2025)
  assert.ok(years.every((year) => year.new + year.retained + year.recaptured === year.donors))
  const standings = await sample.standings(asOf)
  assert.equal(standings.year, 2026)
  assert.deepEqual(standings.donor, donor)
})

test('what was accepted stays silent', async () => {
  const before = await sample.screen(asOf)
  assert.ok(before.tested > 1000)
  const [{ entry }] = before.suspects
  await sample.acceptEntries([entry])
  assert.deepEqual(await sample.acceptedEntries(), [entry])
  assert.ok((await sample.screen(asOf)).suspects.every((suspect) => suspect.entry !== entry))
  await sample.acceptEntries([entry], false)
  assert.deepEqual(await sample.acceptedEntries(), [])
  assert.deepEqual(await sample.screen(asOf), before)
})

test('months that were accepted stay silent', async () => {
  const before = (await sample.expenseAnomalies(asOf)).anomalies
  const { category, month, amount } = before[0]
  await sample.acceptMonths([before[0]])
  assert.deepEqual(await sample.acceptedMonths(), [{ category, month, amount }])
  assert.deepEqual((await sample.expenseAnomalies(asOf)).anomalies, before.slice(1))
  await sample.acceptMonths([{ category, month, amount }], false)
  assert.deepEqual(await sample.acceptedMonths(), [])
  assert.deepEqual((await sample.expenseAnomalies(asOf)).anomalies, before)
})

test('gifts and the cash book', async () => {
  assert.ok((await sample.incomeAnomalies(asOf)).tested > 0)
  const bookings = await sample.bookings(asOf, 1)
  assert.ok(bookings.received > 1000)
  assert.ok([bookings.without_entry, bookings.without_donation, bookings.other_amount].every((kind) => kind.length <= 1))
})
