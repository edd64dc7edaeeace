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

async function main(file) {
  for (let round = 0; round < 3; round++) {
    assert.equal((await theirs(':memory:', sql))[0][0], expected)
    await assert.rejects(theirs(':memory:', 'SELECT 1 FROM nowhere'), /nowhere/)
    assert.equal(await dermawan.probe(':memory:', sql), expected)
    await assert.rejects(dermawan.probe(':memory:', 'SELECT 1 FROM nowhere'), { code: 'io' })
  }
  await Promise.all(Array.from({ length: 8 }, (_, i) => i % 2 ? theirs(':memory:', sql) : dermawan.probe(':memory:', sql)))

  await dermawan.probe(file, 'SELECT version()')
  await theirs(file, 'CREATE TABLE gifts AS SELECT range AS id, 500000 AS amount FROM range(12)')
  assert.equal(await dermawan.probe(file, 'SELECT sum(amount)::VARCHAR FROM gifts'), '6000000')
  assert.equal((await theirs(file, 'SELECT count(*) FROM gifts'))[0][0], 12n)

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
    const { probe } = require('dermawan')
    const ask = () => probe(':memory:', 'SELECT sum(range)::VARCHAR FROM range(100000)')
    const once = (worker) => new Promise((done, failed) => worker.on('exit', done).on('error', failed))
    const main = async () => {
      await Promise.all(Array.from({ length: 4 }, () => once(new Worker(
        "require('dermawan').probe(':memory:', 'SELECT 1::VARCHAR').then((one) => { if (one !== '1') throw new Error(one) })",
        { eval: true }))))
      console.log(await ask())
    }
    main()`
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: import.meta.dirname })
  assert.equal(stdout.trim(), '4999950000')
})
