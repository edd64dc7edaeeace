// `@duckdb/node-api` lives in the same process: either loaded first, and on one file one after another.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

// Work that goes through what the two libraries could share by mistake: threads, regular expressions, the formatting
// tables and the types of C++ exceptions.
const body = `
const assert = require('node:assert/strict')
const { readFileSync } = require('node:fs')
const sql = "SELECT count(*)::VARCHAR || ' ' || sum(CASE WHEN regexp_matches(range::VARCHAR, '[02468]$') THEN 1 ELSE 0 END)"
  + " || ' ' || format('{:.3f}', avg(range)) FROM range(300000)"
const expected = '300000 150000 149999.500'
const sample = { donors: 100, contacts: 50, donations: 1500, months: 12, expenses: 240 }

async function theirs(file, query) {
  const instance = await duckdb.DuckDBInstance.create(file)
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(query)).getRows()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

async function ours() {
  const analytics = await dermawan.Analytics.inMemory()
  try {
    await analytics.loadSample(sample)
    assert.ok((await analytics.churn('2026-01-20')).donor.length > 50)
    await assert.rejects(analytics.monthlyReport('never'), { code: 'invalid_input' })
  } finally {
    analytics.close()
  }
}

async function main(file) {
  for (let round = 0; round < 3; round++) {
    assert.equal((await theirs(':memory:', sql))[0][0], expected)
    await assert.rejects(theirs(':memory:', 'SELECT 1 FROM nowhere'), /nowhere/)
    await ours()
  }
  await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 ? theirs(':memory:', sql) : ours())))

  // One file, one after another: ours fills it, theirs reads it and writes to it, ours still has it.
  let analytics = await dermawan.Analytics.open(file)
  await analytics.loadSample(sample)
  const donors = (await analytics.churn('2026-01-20')).donor.length
  analytics.close()
  const [[count]] = await theirs(file, 'SELECT count(*) FROM donor_stats WHERE donation_count > 0')
  assert.equal(Number(count), donors)
  assert.ok((await theirs(file, 'SELECT count(*) FROM monthly_donations'))[0][0] >= 12n)
  await theirs(file, 'CREATE TABLE notes AS SELECT range AS id FROM range(12)')
  analytics = await dermawan.Analytics.open(file)
  assert.equal((await analytics.churn('2026-01-20')).donor.length, donors)
  analytics.close()
  assert.equal((await theirs(file, 'SELECT count(*) FROM notes'))[0][0], 12n)

  // Two libraries, two mappings: had the linker taken one for the other, only one of the names would be mapped.
  const maps = readFileSync('/proc/self/maps', 'utf8')
  assert.match(maps, /\\/libduckdb\\.so$/m)
  assert.match(maps, /\\/libdermawan-duckdb\\.so$/m)
  console.log('done')
}
main(process.argv[1]).catch((error) => { console.error(error); process.exitCode = 1 })
`

const orders = {
  'ours first': "const dermawan = require('dermawan'); const duckdb = require('@duckdb/node-api')\n",
  'theirs first': "const duckdb = require('@duckdb/node-api'); const dermawan = require('dermawan')\n",
}

for (const [name, head] of Object.entries(orders)) {
  test(`two DuckDBs in one process, ${name}`, { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dermawan-'))
    try {
      const { stdout } = await run(process.execPath, ['-e', head + body, join(folder, 'a.duckdb')], { cwd: import.meta.dirname })
      assert.equal(stdout.trim(), 'done')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}

test('workers load the addon, and end, without taking it from the others', { timeout: 120_000 }, async () => {
  const script = `
    const { Worker, isMainThread, parentPort } = require('node:worker_threads')
    const load = "(async () => { const a = await require('dermawan').Analytics.inMemory();"
      + " await a.loadSample({ donors: 100, contacts: 50, donations: 1500, months: 12, expenses: 240 });"
      + " const { donor } = await a.churn('2026-01-20'); a.close(); if (donor.length < 50) throw new Error('too few'); return donor.length })()"
    const once = (worker) => new Promise((done, failed) => worker.on('exit', done).on('error', failed))
    const main = async () => {
      await Promise.all(Array.from({ length: 4 }, () => once(new Worker(
        load + '.catch((error) => { throw error })', { eval: true }))))
      console.log((await eval(load)) >= 50)
    }
    main()`
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: import.meta.dirname })
  assert.equal(stdout.trim(), 'true')
})
