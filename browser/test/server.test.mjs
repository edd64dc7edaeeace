// The page on the real server, with messages that went wrong at the gateway, and the telephone of the stand-in.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { accessibility, browser, overflow, pictures, program, reached, server, TOKEN } from './support.mjs'

const [PATH, SECRET, GATEWAY] = ['jalan-webhook-uji-coba-1', 'rahasia-perangkat-0001', 'token-gateway']
const [BUDI, ADMIN] = ['6281234567890', '6281100000001']
const folder = mkdtempSync(join(tmpdir(), 'dermawan-server-'))
let gateway, site, chromium

/** A port that nobody listened on a moment ago: gateway and server each must know the other's address. */
const free = () =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const control = (place, body) =>
  fetch(new URL(`/control/${place}`, gateway.url), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  }).then((answer) => assert.ok(answer.ok, `${place}: ${answer.status}`))

/** What the gateway took over. */
async function accepted() {
  const lines = (await (await fetch(new URL('/control/accepted', gateway.url))).text()).split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line))
}

async function until(what, check) {
  for (let i = 0; i < 1200; i++) {
    const found = await check()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`never: ${what}`)
}

before(async () => {
  const port = await free()
  gateway = await server(['stand-in', '--listen', '127.0.0.1:0', '--token', GATEWAY, '--device', '6281100000099',
    '--secret', SECRET, '--webhook', `http://127.0.0.1:${port}/webhook/${PATH}`], { cwd: folder })
  writeFileSync(join(folder, 'dermawan.toml'), `[organisation]
administrators = ["${ADMIN}"]
[server]
listen = "127.0.0.1:${port}"
[transport]
kind = "fonnte"
[transport.fonnte]
base_url = "${gateway.url.replace(/\/$/, '')}"
device = "6281100000099"
[outbox.pace]
gap = { min_ms = 0, max_ms = 0 }
reply_gap = { min_ms = 0, max_ms = 0 }
recipient_gap_ms = 0
device_probe_seconds = 1
breaker_probe_seconds = 2
quiet_hours = { from = "00:00", to = "00:00" }
[schedule]
brief = false
alerts = false
`)
  await program(['etl', '--sample'], { cwd: folder })
  const env = { DERMAWAN_WEBHOOK_TOKEN: PATH, DERMAWAN_WEBHOOK_SECRET: SECRET, DERMAWAN_FONNTE_TOKEN: GATEWAY }
  site = await server(['serve'], { cwd: folder, env, url: `http://127.0.0.1:${port}/` })
  chromium = await browser()
})

after(async () => {
  await chromium?.close()
  await site?.stop()
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function open(url, { script = true, width = 1200, height = 900, mobile = false } = {}) {
  const context = await chromium.createBrowserContext()
  const page = await context.newPage()
  await page.setJavaScriptEnabled(script)
  page.setDefaultNavigationTimeout(300_000)
  page.setDefaultTimeout(120_000)
  await page.setViewport({ width, height, isMobile: mobile, hasTouch: mobile, deviceScaleFactor: 1 })
  page.troubles = []
  page.on('console', (message) => message.type() === 'error' && page.troubles.push(message.text()))
  await page.goto(url)
  return page
}

async function enter(options) {
  const page = await open(site.url, options)
  await page.type('#kata_sandi', TOKEN)
  await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')])
  return page
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent)
const bubbles = (page) => page.$$eval('#chat .theirs p', (all) => all.map((one) => one.innerText))

test('a donor types INFO on the telephone and the server answers', async () => {
  const page = await open(`${gateway.url}?as=${BUDI}`, { width: 400, height: 860, mobile: true })
  assert.deepEqual(await accessibility(page), [])
  assert.deepEqual(await overflow(page), [])
  for (const [word, count] of [['INFO', 1], ['DAMPAK', 2]]) {
    await page.type('#text', word)
    await page.keyboard.press('Enter')
    await page.waitForFunction((count) => document.querySelectorAll('#chat .theirs').length === count, {}, count)
  }
  const [info, impact] = await bubbles(page)
  assert.ok(info.includes('Rp 6.000.000') && info.includes('12 kali'), info)
  assert.ok(impact.includes('400'), impact)
  assert.deepEqual(await accessibility(page), [])
  assert.deepEqual(await overflow(page), [])
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/phone.png` })
  assert.deepEqual(page.troubles, [], 'nothing breaks the content security policy')
})

test('the telephone works without JavaScript, and by keyboard alone', async () => {
  const page = await open(`${gateway.url}?as=${BUDI}`, { script: false, width: 320, height: 640, mobile: true })
  const before = (await bubbles(page)).length
  await reached(page, '#text')
  await page.keyboard.type('DAMPAK')
  await reached(page, '#say button')
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  // The page looks again by itself, without a script.
  await until('a reply on the page', async () => (await bubbles(page).catch(() => [])).length > before)
  assert.ok((await bubbles(page)).at(-1).includes('400'))
})

test('a stranger learns nothing on the telephone', async () => {
  const page = await open(`${gateway.url}?as=6285700000123`)
  await page.type('#text', 'INFO')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#chat .theirs')
  const [reply] = await bubbles(page)
  assert.ok(!reply.includes('Rp') && !reply.includes('Budi'), reply)
})

/** Picks the first greeting and approves it, by keyboard alone. */
async function approve(page) {
  await reached(page, 'input[name=draf]')
  await page.keyboard.press('Space')
  await reached(page, 'button[value=setujui]')
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  assert.equal(await text(page, '[role=status]'), 'Sapaan disetujui dan akan dikirim.')
}

test('greetings are drafted, approved by keyboard, and reach the telephone', async () => {
  const page = await enter()
  assert.ok((await text(page, '#sapaan')).includes('60 hari'), 'what came of greetings has its place')
  await reached(page, 'button[value=susun]')
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  const drafts = () => page.$$eval('#sapaan input[type=checkbox]', (all) => all.length)
  const before = await drafts()
  assert.ok(before > 1)
  assert.deepEqual(await accessibility(page), [])
  const taken = (await accepted()).length
  await approve(page)
  assert.equal(await drafts(), before - 1)
  const all = await until('the greeting', async () => {
    const all = await accepted()
    return all.length > taken && all
  })
  assert.equal(all.length, taken + 1, 'one was approved, one goes out')
  assert.ok(!JSON.stringify(all.at(-1)).includes('Rp'), 'no amount in a greeting')
})

test('messages in doubt are shown on the page and decided on there', async () => {
  // Three that may have gone out or not, and two that cannot.
  const lost = { kind: 'html', status: 502 }
  const refused = { kind: 'reason', reason: 'target invalid' }
  for (const [i, fault] of [lost, lost, lost, refused, refused].entries()) {
    await control('faults', { fault })
    await approve(await enter())
    const page = await enter()
    await until(`a message in doubt after ${fault.kind}`, async () => {
      await page.goto(site.url)
      return (await page.$$('#pengiriman li')).length === i + 1
    })
  }
  const page = await enter({ script: false })
  const listed = () => page.$$eval('#pengiriman li', (all) => all.map((one) => one.textContent))
  const rows = await listed()
  assert.equal(rows.filter((row) => row.includes('belum pasti terkirim')).length, 3, rows.join('\n'))
  assert.equal(rows.filter((row) => row.includes('tidak terkirim')).length, 2, rows.join('\n'))
  assert.ok(!(await text(page, 'body')).includes(BUDI), 'numbers are masked')
  assert.deepEqual(await overflow(page), [])
  const taken = (await accepted()).length
  const press = async (label) => {
    await Promise.all([page.waitForNavigation(), page.click(`#pengiriman button[aria-label^="${label}"]`)])
    return text(page, '[role=status]')
  }
  assert.equal(await press('Sudah terkirim'), 'Pesan ditandai terkirim.')
  assert.equal(await press('Buang'), 'Pesan dibuang.')
  assert.equal((await accepted()).length, taken, 'neither sends anything')
  assert.equal(await press('Kirim lagi'), 'Pesan akan dikirim lagi.')
  await until('the one sent again', async () => (await accepted()).length === taken + 1)
  await page.goto(site.url)
  assert.equal((await listed()).length, 2)
  assert.equal(await press('Buang'), 'Pesan dibuang.')
  assert.equal((await listed()).length, 1, 'a dead one is put away')
  assert.equal(await press('Kirim lagi'), 'Pesan akan dikirim lagi.')
  await until('the other dead one sent again', async () => (await accepted()).length === taken + 2)
  await page.goto(site.url)
  assert.deepEqual(await listed(), [])
})

test('the page of the real server is whole and accessible, wide and narrow', async () => {
  for (const [width, mobile] of [[1200, false], [360, true]]) {
    const page = await enter({ width, mobile })
    const headings = await page.$$eval('h2', (all) => all.map((heading) => heading.textContent.split(':')[0]))
    // The month may turn while the test runs.
    assert.ok(['Bulan ini', 'Bulan terakhir yang dimuat'].includes(headings.shift()))
    assert.deepEqual(headings, ['Perkiraan donasi', 'Arus kas', 'Donatur berisiko', 'Kejanggalan', 'Donatur',
      'Sapaan untuk disetujui', 'Pengiriman pesan', 'Kesegaran data'])
    assert.ok((await text(page, '#perkiraan')).includes('Ramadan'), 'Ramadan is marked')
    assert.ok(/\d ?%/.test(await text(page, '#kas')), 'the chance of a shortfall')
    assert.ok((await page.$$('#kejanggalan button')).length > 0, 'this is fine')
    assert.deepEqual(await overflow(page), [], String(width))
    assert.deepEqual(await accessibility(page), [])
    assert.deepEqual(page.troubles, [])
    const lines = async () => (await page.$$('#kejanggalan form.buttons')).length
    const before = await lines()
    const press = (selector) => Promise.all([page.waitForNavigation(), page.click(selector)])
    await press('#kejanggalan form:has(input[value=wajar]) button')
    assert.equal(await text(page, '[role=status]'), 'Transaksi ditandai wajar.')
    assert.equal(await lines(), before - 1)
    await page.click('#kejanggalan summary')
    await press('#kejanggalan form:has(input[value=periksa]) button')
    assert.equal(await text(page, '[role=status]'), 'Tanda wajar dibatalkan.')
    assert.equal(await lines(), before)
  }
})
