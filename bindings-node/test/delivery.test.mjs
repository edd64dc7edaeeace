// From a webhook to a gateway and back, over real files and a real HTTP server.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Analytics, Inbox, Outbox, Register, Runs, Transport, Worker, due, fonnteAnswer, missedReport } from 'dermawan'

const now = new Date('2026-01-20T10:00:00+07:00')
const asOf = '2026-01-20'
const number = '6281234567890'
const key = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
const options = { gap: { min_ms: 0, max_ms: 0 }, recipient_gap_ms: 0 }
const later = (minutes) => new Date(now.getTime() + 60_000 * minutes)
const draft = (name = 'laporan:2026-01:1', more = {}) => ({
  key: name, lane: 'fonnte', to: '0812-3456-7890', text: 'Halo *Pak Budi*! 🙏', ...more,
})

let folder, sample, server, transport
const sent = []
const planned = []

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dermawan-'))
  sample = await Analytics.inMemory({ thanks: { enabled: true } })
  await sample.loadSample()
  // A gateway as Fonnte's: keeps the forms it was sent, and answers what is planned.
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => { body += part }).on('end', () => {
      sent.push(Object.fromEntries(new URLSearchParams(body)))
      response.end(JSON.stringify(planned.shift() ?? { status: true, id: [String(sent.length)], device_status: 'connect', quota: '5' }))
    })
  })
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready))
  transport = Transport.fonnte({
    token: 'rahasia-token', base_url: `http://127.0.0.1:${server.address().port}`, device: '6281100000000', webhook_secret: 'rahasia',
  })
})

after(() => {
  sample.close()
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
})

test('a worker empties the outbox', async () => {
  const outbox = await Outbox.open(join(folder, 'worker.db'))
  const worker = new Worker('fonnte', 'here', options)
  assert.deepEqual(await outbox.put([draft(), draft()], now), { added: 1, present: 1, opted_out: 0 })
  await outbox.put([draft('reply:1', { priority: 'reply', text: 'Baik.' })], now)
  assert.deepEqual(await worker.start(outbox, now), { queued: 0, unknown: 0, again: 0 })
  const step = await worker.step(outbox, transport, now, 1)
  assert.deepEqual([step.step, step.key, step.stage], ['sent', 'reply:1', 'accepted'])
  planned.push({ status: false, reason: 'insufficient quota' })
  assert.equal((await worker.step(outbox, transport, later(1), 2)).answer, 'pause_quota')
  assert.equal((await outbox.lanes())[0].halt.kind, 'quota')
  assert.equal((await worker.step(outbox, transport, later(2), 3)).step, 'paused')
  assert.equal(await outbox.resume('fonnte'), true)
  assert.equal((await worker.step(outbox, transport, later(3), 4)).stage, 'accepted')
  assert.deepEqual(await worker.step(outbox, transport, later(4), 5), { step: 'idle', until: null })
  assert.deepEqual(sent.map(({ target }) => target), [number, number, number])
  assert.equal(sent[2].message, 'Halo *Pak Budi*! 🙏')

  const entry = await outbox.find('laporan:2026-01:1')
  assert.deepEqual([entry.to, entry.gateway_id], ['62812****90', '3'])
  const { events } = transport.parse(Buffer.from(JSON.stringify({ id: '3', state: 'read', secret: 'rahasia' })))
  const { event, ...change } = events[0]
  assert.equal(event, 'status')
  assert.equal(await outbox.status(change, later(5)), true)
  assert.deepEqual(await outbox.list({ delivery: 'read' }), [await outbox.find('laporan:2026-01:1')])
  const health = await transport.health()
  assert.deepEqual([health.connected, health.quota], [true, 5])
  assert.equal((await transport.send({ key: 'k', to: '+12125550100', text: 'x' })).outcome, 'accepted')
  assert.deepEqual([transport.name, transport.capabilities().idempotent], ['fonnte', false])
})

test('a host sends by itself', async () => {
  const outbox = Outbox.inMemory()
  const worker = new Worker('fonnte', 'host', options)
  await outbox.put([draft('k0'), draft('k1'), draft('k2')], now)
  const answers = { '{"status":true,"id":["80367170"]}': 'accepted', '{"status":false,"reason":"target invalid"}': 'dead', '<html>': 'unknown' }
  let minute = 0
  for (const [body, stage] of Object.entries(answers)) {
    const at = later(minute++)
    const { message: leased } = await worker.lease(outbox, at, Number.MAX_SAFE_INTEGER - minute)
    assert.equal(leased.envelope.to, number)
    // The lease's number has 64 bits, more than a number of JavaScript.
    assert.equal(typeof leased.ticket.token, 'string')
    assert.equal(await outbox.markSending(leased.ticket, at), true)
    assert.equal(await worker.settle(outbox, leased, fonnteAnswer(200, Buffer.from(body)), at, minute), stage)
  }
  assert.deepEqual(await worker.lease(outbox, later(60), 9), { wait: null })
  const [unknown] = await outbox.list({ stage: 'unknown' })
  assert.equal(await outbox.text(unknown.id), 'Halo *Pak Budi*! 🙏')
  assert.equal((await outbox.decide(unknown.id, 'retry', now)).stage, 'queued')
  assert.equal((await outbox.decide(unknown.id, 'discard', now)).stage, 'dead')
  await assert.rejects(outbox.decide(unknown.id, 'sent', now), { code: 'invalid_input' })
  await assert.rejects(outbox.decide(1e6, 'retry', now), { code: 'not_found' })
})

test('gateways in the test mode and at a pace', async () => {
  const mine = { key: 'a', to: number, text: 'x' }
  const before = sent.length
  const dry = transport.dryRun(['0812-3456-7890'])
  assert.equal((await dry.send({ ...mine, to: '+12125550100' })).id, 'dry-run-1')
  assert.deepEqual([dry.held, transport.held, sent.length], [1, null, before])
  assert.equal((await dry.send(mine)).outcome, 'accepted')
  assert.equal(sent.length, before + 1)
  assert.equal((await transport.dryRun().send(mine)).id, 'dry-run-1')
  assert.throws(() => transport.dryRun(['saya']), { code: 'invalid_input' })

  const paced = transport.throttle(0.2, 0.3, 7)
  const begin = performance.now()
  for (let i = 0; i < 3; i++) assert.equal((await paced.send(mine)).outcome, 'accepted')
  assert.ok(performance.now() - begin >= 400)
  for (const [least, most] of [[2, 1], [-1, 1], [0, NaN], [0, 4000]]) {
    assert.throws(() => transport.throttle(least, most, 7), { code: 'invalid_input' })
  }

  planned.push({ status: true, registered: [number], not_registered: ['12125550100'] })
  assert.deepEqual(await paced.dryRun().validate(['081234567890', '+1 212 555 0100', '0857 0000 0009']), {
    registered: [number], not_registered: ['12125550100'], unanswered: ['6285700000009'],
  })
  assert.equal(sent.at(-1).target, `${number},12125550100,6285700000009`)
  planned.push({ status: false, reason: 'token invalid' })
  assert.equal((await transport.validate([number])).outcome, 'stop')
  await assert.rejects(Transport.console().validate([number]), { code: 'invalid_input' })
})

test('a lane halts and a person opts out', async () => {
  const outbox = Outbox.inMemory()
  await outbox.put([draft('k', { batch: 'laporan:2026-01' })], now)
  await outbox.halt('fonnte', { kind: 'command', reason: 'holiday', since: now, probe_at: null })
  assert.equal((await new Worker('fonnte', 'w').lease(outbox, now, 1)).halted.lane, 'fonnte')
  assert.deepEqual([await outbox.resume('fonnte', 'device'), await outbox.resume('fonnte', 'command')], [false, true])
  assert.equal((await outbox.batches())[0].counts.queued, 1)
  assert.deepEqual([await outbox.transfer('fonnte', 'cloud'), await outbox.transfer('cloud', 'fonnte')], [1, 1])
  assert.equal(await outbox.optOut(number, now), 1)
  assert.equal(await outbox.optedOut(number), '2026-01-20T03:00:00Z')
  assert.equal((await outbox.put([draft('k2')], now)).opted_out, 1)
  assert.equal(await outbox.optIn(number), true)
  assert.equal(await outbox.erase({ number }, now), 1)
  assert.equal((await outbox.prune({ persons_before: later(9), messages_before: later(9) })).removed, 1)
})

test('a file is shared with other processes', async () => {
  const path = join(folder, 'shared.db')
  const outbox = await Outbox.open(path)
  const register = await Register.open(path, key)
  const script = `const { Outbox } = require('dermawan')
    Outbox.open(process.argv[1]).then(async (outbox) => console.log(JSON.stringify(await outbox.put(
      Array.from({ length: 500 }, (_, i) => ({ key: 'there:' + i, lane: 'fonnte', to: '081234567890', text: 'x' })), new Date()))))`
  const other = promisify(execFile)(process.execPath, ['-e', script, path], { cwd: import.meta.dirname })
  for (let i = 0; i < 500; i++) await outbox.put([draft(`here:${i}`)], now)
  assert.equal(JSON.parse((await other).stdout).added, 500)
  assert.equal((await outbox.counts()).queued, 1000)
  await register.verify(number, 1, now)
  assert.equal((await (await Register.open(path, key)).standing(number)).verified.donor, 1)
})

test('what came in is kept once', async () => {
  const inbox = await Inbox.open(join(folder, 'inbox.db'))
  const body = { device: '6281100000000', sender: number, message: 'INFO', timestamp: 1767225600, secret: 'rahasia' }
  const { events: [event] } = transport.parse(Buffer.from(JSON.stringify(body)), { 'Content-Type': 'application/json' })
  const keep = { keep: { event, now } }
  assert.deepEqual(await inbox.commit([keep, keep]), ['new', 'known'])
  assert.deepEqual(transport.parse(Buffer.from('{}')), { events: [], refused: 'forged' })
  const [letter] = await inbox.pending()
  assert.deepEqual([letter.from, letter.event.text, await inbox.backlog()], [number, 'INFO', 1])
  const session = { hinted: true, thanked: false }
  await inbox.commit([{ settle: { seq: letter.seq, outcome: 'answered', session: [number, session], now } }])
  assert.deepEqual([await inbox.pending(), await inbox.session(number)], [[], session])
  assert.deepEqual([await inbox.prune(later(9)), await inbox.erase(number)], [1, 0])
})

test('a month is done once', async () => {
  const path = join(folder, 'runs.db')
  const runs = await Runs.open(path)
  const plan = { report: true, report_test: false, brief: false, alerts: false }
  const first = new Date('2026-02-01T08:00:00+07:00')
  const todo = due(first, await runs.past(), plan)
  assert.deepEqual(todo.map(({ job, period }) => `${job} ${period}`), ['load 2026-02-01', 'report 2026-01', 'tidy 2026-02-01'])
  for (const { job, period } of todo) {
    assert.equal(await runs.begin(job, period, first), true)
    await runs.end(job, period, true, first)
  }
  assert.equal(await runs.begin('report', '2026-01', first), false)
  assert.equal(await runs.begin('brief', '2026-02-02', first), true)
  await runs.postpone('brief', '2026-02-02', first)
  const waiting = (await runs.past()).find(({ job }) => job === 'brief')
  assert.deepEqual([waiting.state, waiting.attempts], ['waiting', 0])
  assert.deepEqual(due(first, await (await Runs.open(path)).past(), plan), [])
  await runs.prune(new Date('2027-01-01T00:00:00Z'))
  assert.deepEqual((await runs.past()).map(({ job }) => job), ['report'])
  assert.equal(missedReport('2026-03-04T00:00:00Z', await runs.past(), plan), '2026-02')
})

test('a conversation', async () => {
  const register = await Register.open(join(folder, 'register.db'), key)
  const say = (text, sender = number, more = {}) => sample.converse(register, { sender, text, now, as_of: asOf, random: 0, ...more })
  await register.verify(number, 1, now)
  const spoken = await say('INFO')
  assert.match(spoken.answer.reply, /Rp 6\.000\.000/)
  assert.equal(spoken.to, number)

  // Another telephone asks; the code goes to the number on file, and is said by the other one.
  const other = '6281999888777'
  const { owed: [code] } = await say(`DAFTAR ${number}`, other, { random: 1_000_042 })
  assert.equal(code.to, number)
  assert.match(code.text, /000042/)
  assert.equal((await register.standing(other)).verified, null)
  await say('000042', other)
  assert.equal((await register.standing(other)).verified.how, 'other_number')
  assert.deepEqual((await register.numbers(1)).map((verified) => verified.number).sort(), [number, other])
  const [consent] = await register.consents(other)
  assert.ok(consent.given && await register.consentText(consent.version))

  assert.deepEqual((await say('BERHENTI')).deeds, [{ opt_out: number }])
  const isReached = async () => (await sample.recipients(register)).some(([donor]) => donor === 1)
  assert.equal(await isReached(), false, 'who stops on one number is left alone on all')
  const late = await say('MULAI', number, { written: '2020-01-01T00:00:00Z' })
  assert.deepEqual([late.answer.reply, late.deeds], [null, []], 'it was overtaken')
  assert.equal(await register.optOut(number, now, false), true)
  assert.equal(await isReached(), true)
  const { answer: { session } } = await say('HAPUS DATA')
  await say('YA', number, { session })
  const [wish] = await register.erasures()
  const notices = await sample.erasureNotices(register, wish.id)
  assert.deepEqual(await register.erased([1, 2]), [])
  const told = await sample.completeErasure(register, wish.id, now)
  assert.deepEqual(told, notices)
  assert.deepEqual(told.map(({ to }) => to).sort(), [number, other])
  assert.deepEqual(await register.erased([1, 2]), [1])
  assert.equal(await sample.donorOf(register, number), null)
  assert.deepEqual(await register.numbers(1), [])
})

test('thanks and greetings', async () => {
  const register = Register.inMemory(key)
  const outbox = Outbox.inMemory()
  const owed = await sample.thanksOwed(register, asOf)
  assert.ok(owed.length > 0)
  for (const thanks of owed) {
    assert.equal((await outbox.put([{ ...thanks.message, lane: 'fonnte', priority: 'thanks', donor: thanks.donor }], now)).added, 1)
    await sample.noteThanks(register, thanks, now)
  }
  assert.deepEqual(await sample.thanksOwed(register, asOf), [])
  const [gift] = owed[0].gifts
  assert.deepEqual(await register.unthanked([gift.donation, 1e9]), [1e9])
  assert.deepEqual((await register.thanks([gift.donor], '2020-01-01')).find((one) => one.donation === gift.donation), gift)
  const retyped = { donation: 1e9, donor: 1, date: '2026-01-19' }
  await register.thanked([retyped], now)
  assert.deepEqual(await register.unthanked([1e9]), [])
  assert.deepEqual((await register.thanks([1], '2026-01-19')).at(-1), retyped)

  const drafted = await sample.draftGreetings(register, asOf, now)
  assert.equal(drafted.total, (await register.greetings('drafted')).length)
  const [[first], [second]] = drafted.greetings
  await register.settle([first], 'approved', now)
  await register.settle([second], 'rejected', now)
  const [[greeting, message]] = await sample.greetingsOwed(register, asOf)
  assert.equal(greeting.id, first)
  await outbox.put([{ ...message, lane: 'fonnte', priority: 'care' }], now)
  assert.equal((await register.settle([first], 'sent', now))[0].state, 'sent')
  assert.deepEqual(await sample.greetingsOwed(register, asOf), [])
  assert.deepEqual(await sample.withdrawGreetings(register, asOf, now), [])
  const [other] = await register.greetings('drafted')
  assert.equal((await register.settle([other.id], 'withdrawn', now))[0].state, 'withdrawn')
  assert.ok(await sample.careOutcome(register, asOf))
  assert.ok((await sample.risks(asOf)).donors.length > 0 && await sample.status(asOf))
  assert.equal((await sample.quarantine(1)).length, 1)
})

const refused = {
  'a number that is none': [(box) => box.optOut('0857999x', now), 'invalid_input'],
  'a draft to it': [async (box) => box.put([draft('k', { to: '0857999x' })], now), 'invalid_input'],
  'a number as a number': [async (box) => box.put([draft('k', { to: 81234567890 })], now), 'invalid_input'],
  'an unknown key': [async (box) => box.put([draft('k', { colour: 'red' })], now), 'invalid_input'],
  'a draft without a key': [(box) => box.put([draft('')], now), 'invalid_input'],
  'a moment without a zone': [async (box) => box.put([draft()], '2026-01-20T10:00:00'), 'invalid_input'],
  'a file in no folder': [() => Outbox.open('/nowhere/o.db'), 'io'],
  'a short key': [async () => Register.inMemory(Buffer.from('short')), 'invalid_input'],
  'no attempts': [async () => Register.inMemory(key, { attempts: 0 }), 'configuration'],
  'no token': [async () => Transport.fonnte({ token: '' }), 'configuration'],
  'a worker without a lane': [async () => new Worker('', 'w'), 'invalid_input'],
  'a zone on Mars': [async () => new Worker('l', 'w', null, 'Mars/Olympus'), 'invalid_input'],
}

for (const [name, [call, code]] of Object.entries(refused)) {
  test(`refused with its code, and no number: ${name}`, async () => {
    await assert.rejects(call(Outbox.inMemory()), (error) => {
      assert.equal(error.code, code, error.message)
      assert.ok(!/0857999|81234567890|Halo/.test(error.message), error.message)
      return true
    })
  })
}

test('a file that is none', async () => {
  const path = join(folder, 'none.db')
  writeFileSync(path, Buffer.alloc(8192, 0x5a))
  await assert.rejects(Outbox.open(path), { code: 'store_damaged' })
})
