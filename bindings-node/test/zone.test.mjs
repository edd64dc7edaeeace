// Times are read in the organisation's zone, whatever the source, unless its options name another.
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Analytics } from 'dermawan'

const asOf = '2026-02-10'
const rest = Object.fromEntries(['categories', 'cash_entries', 'contacts', 'accounts', 'children'].map((table) => [table, { required: false }]))
const inZone = (zone) => ({ organisation: { time_zone: zone } })
const there = ['mariadbd', 'mariadb-install-db'].every((program) => spawnSync(program, ['--version']).status === 0)
let folder
let server

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dermawan-zone-'))
  writeFileSync(join(folder, 'donors.csv'), 'id,name\n1,Pak Budi\n')
  // 16:00 UTC: 23:00 of the same day in Jakarta, 1 February in Jayapura.
  writeFileSync(join(folder, 'donations.csv'), 'id,donor_id,amount,date\n1,1,5000,2026-01-31T16:00:00Z\n')
  if (!there) return
  const usual = ['--no-defaults', '--user=root', `--datadir=${join(folder, 'data')}`]
  execFileSync('mariadb-install-db', [...usual, '--auth-root-authentication-method=normal'], { stdio: 'ignore' })
  server = spawn('mariadbd', [...usual, `--socket=${join(folder, 's')}`, '--skip-networking'], { stdio: 'ignore' })
  const client = ['--no-defaults', '-uroot', `--socket=${join(folder, 's')}`]
  while (spawnSync('mariadb', [...client, '-e', 'SELECT 1']).status !== 0) {
    assert.equal(server.exitCode, null)
    await sleep(100)
  }
  const input = `CREATE DATABASE panti; USE panti; SET time_zone = '+00:00';
    CREATE TABLE donatur (id_donatur INT UNSIGNED PRIMARY KEY, nama VARCHAR(50));
    CREATE TABLE donasi (id_donasi INT UNSIGNED PRIMARY KEY, id_donatur INT UNSIGNED, jumlah DECIMAL(15,2),
      tanggal_catat TIMESTAMP NULL);
    INSERT INTO donatur VALUES (1, 'Pak Budi');
    INSERT INTO donasi VALUES (1, 1, 5000, '2026-01-31 16:00:00');`
  execFileSync('mariadb', client, { input })
})

after(async () => {
  if (server) {
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill()
    await gone
  }
  rmSync(folder, { recursive: true })
})

const monthOfTheGift = async (settings, load) => {
  const analytics = await Analytics.inMemory(settings)
  await load(analytics)
  const months = []
  for (const month of ['2026-01', '2026-02']) {
    if ((await analytics.monthlyReport(month)).income > 0) months.push(month)
  }
  analytics.close()
  return months.join()
}

for (const [options, settings, month] of [
  [undefined, {}, '2026-01'],
  [undefined, inZone('Asia/Jayapura'), '2026-02'],
  [{ batch_rows: 10 }, inZone('Asia/Jayapura'), '2026-02'],
  [{ time_zone: 'Asia/Jakarta' }, inZone('Asia/Jayapura'), '2026-01'],
]) {
  test(`a folder, ${JSON.stringify([options, settings])}: ${month}`, async () => {
    assert.equal(await monthOfTheGift(settings, (a) => a.loadFolder(folder, asOf, rest, options)), month)
  })
}

for (const [options, settings, month] of [
  [{}, {}, '2026-01'],
  [{}, inZone('Asia/Jayapura'), '2026-02'],
  [{ time_zone: 'Asia/Jakarta' }, inZone('Asia/Jayapura'), '2026-01'],
]) {
  test(`a database, ${JSON.stringify([options, settings])}: ${month}`, { skip: !there }, async () => {
    const source = { socket: join(folder, 's'), user: 'root', database: 'panti', ...options }
    assert.equal(await monthOfTheGift(settings, (a) => a.loadMysql(source, asOf, rest)), month)
  })
}
