// The administrators' page in a real Chromium, over the made-up charity.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { accessibility, browser, overflow, pictures, reached, server, TOKEN } from './support.mjs'

let site, chromium

before(async () => {
  site = await server(['page', '--sample', '--listen', '127.0.0.1:0'])
  chromium = await browser()
})

after(async () => {
  await chromium?.close()
  await site?.stop()
})

/** A page of its own session, so that no test sees another's cookies. */
async function open({ script = true, width = 1200, height = 900, mobile = false } = {}) {
  const context = await chromium.createBrowserContext()
  const page = await context.newPage()
  await page.setJavaScriptEnabled(script)
  // The first answer waits for every analysis; a busy machine takes its time.
  page.setDefaultNavigationTimeout(300_000)
  await page.setViewport({ width, height, isMobile: mobile, hasTouch: mobile, deviceScaleFactor: 1 })
  page.requested = []
  page.on('request', (request) => page.requested.push(request.url()))
  page.troubles = []
  page.on('console', (message) => message.type() === 'error' && page.troubles.push(message.text()))
  return page
}

async function enter(page, token = TOKEN) {
  await page.goto(site.url)
  await page.type('#kata_sandi', token)
  await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')])
}

const text = (page, selector) => page.$eval(selector, (element) => element.textContent)

test('without a session only the way in is shown', async () => {
  const page = await open()
  await page.goto(site.url)
  assert.equal(new URL(page.url()).pathname, '/masuk')
  const body = await text(page, 'body')
  assert.ok(body.includes('Kata sandi') && !body.includes('Rp'), body)
  const answer = await fetch(new URL('/grafik/perkiraan.svg', site.url))
  assert.equal(answer.status, 403)
  assert.ok(!(await answer.text()).includes('<svg'))
})

test('the way in is accessible, also after a wrong password', async () => {
  const page = await open()
  await page.goto(site.url)
  assert.deepEqual(await accessibility(page), [])
  await page.type('#kata_sandi', 'bukan kata sandinya')
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  assert.equal(await text(page, '[role=alert]'), 'Kata sandi salah.')
  assert.deepEqual(await accessibility(page), [])
})

test('everything is there, accessible, and from nowhere else', async () => {
  const page = await open()
  await enter(page)
  const headings = await page.$$eval('h2', (all) => all.map((heading) => heading.textContent.split(':')[0]))
  assert.deepEqual(headings, ['Bulan ini', 'Perkiraan donasi', 'Arus kas', 'Donatur berisiko', 'Kejanggalan', 'Donatur',
    'Sapaan untuk disetujui', 'Pengiriman pesan', 'Kesegaran data'])
  const images = await page.$$eval('img', (all) => all.map((image) => [image.naturalWidth, image.alt.length > 40]))
  assert.ok(images.length >= 3, `${images.length} pictures`)
  for (const image of images) assert.deepEqual(image, [480, true])
  assert.ok((await page.$$eval('#risiko li', (all) => all.every((one) => /hari tanpa donasi/.test(one.textContent)))), 'donors at risk have a reason')
  assert.deepEqual(await accessibility(page), [])
  assert.deepEqual(page.requested.filter((url) => !url.startsWith(site.url)), [])
  assert.deepEqual(page.troubles, [], 'nothing breaks the content security policy')
  mkdirSync(pictures, { recursive: true })
  await page.screenshot({ path: `${pictures}/page-desktop.png`, clip: { x: 0, y: 0, width: 1200, height: 1000 } })
})

test('a telephone needs no sideways scrolling', async () => {
  for (const width of [360, 320]) {
    const page = await open({ width, height: 740, mobile: true })
    await page.goto(site.url)
    assert.deepEqual(await overflow(page), [], `way in at ${width}`)
    await enter(page)
    assert.deepEqual(await overflow(page), [], `page at ${width}`)
    // A finger needs room: 44 pixels, but for words inside a sentence.
    const small = await page.$$eval('button, nav a, summary, label.pick', (all) =>
      all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML))
    assert.deepEqual(small, [])
    assert.deepEqual(await accessibility(page), [])
    if (width === 360) await page.screenshot({ path: `${pictures}/page-phone.png`, clip: { x: 0, y: 0, width, height: 1100 } })
  }
})

test('without JavaScript everything is shown and can be done', async () => {
  const page = await open({ script: false })
  await enter(page)
  const plain = await page.$$eval('section', (all) => all.map((part) => part.id))
  assert.deepEqual(plain, ['bulan', 'perkiraan', 'kas', 'risiko', 'kejanggalan', 'donatur', 'sapaan', 'pengiriman', 'data'])
  const scripts = await page.$$eval('script, [onclick], [href^="javascript:"]', (all) => all.length)
  assert.equal(scripts, 0)
  const doubtful = () => page.$$eval('#pengiriman li', (all) => all.length)
  const before = await doubtful()
  await Promise.all([page.waitForNavigation(), page.click('#pengiriman li button')])
  assert.equal(await doubtful(), before - 1)
  assert.equal(await text(page, '[role=status]'), 'Pesan akan dikirim lagi.')
})

test('what is fine is not shown again, until that is taken back', async () => {
  const page = await open()
  await enter(page)
  for (const [fine, again, said] of [['wajar', 'periksa', 'Transaksi ditandai wajar.'], ['bulan-wajar', 'bulan-periksa', 'Bulan ditandai wajar.']]) {
    const form = (action) => `#kejanggalan form:has(input[value=${action}])`
    const shown = () => page.$$eval(`${form(fine)} input[name=id]`, (all) => all.map((input) => input.value))
    const before = await shown()
    assert.ok(before.length > 0, 'the made-up charity has something strange')
    await Promise.all([page.waitForNavigation(), page.click(`${form(fine)} button`)])
    assert.equal(await text(page, '[role=status]'), said)
    assert.ok(!(await shown()).includes(before[0]))
    assert.deepEqual(await accessibility(page), [])
    await page.click('#kejanggalan summary')
    await Promise.all([page.waitForNavigation(), page.click(`${form(again)} button`)])
    assert.deepEqual(await shown(), before)
  }
})

test('greetings go out when they are picked and approved, by keyboard alone', async () => {
  const page = await open()
  await enter(page)
  const drafts = () => page.$$eval('#sapaan input[type=checkbox]', (all) => all.length)
  assert.equal(await drafts(), 2)
  await reached(page, 'input[name=draf]')
  await page.keyboard.press('Space')
  await reached(page, 'button[value=setujui]')
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')])
  assert.equal(await text(page, '[role=status]'), 'Sapaan disetujui dan akan dikirim.')
  assert.equal(await drafts(), 1)
})

test('the keyboard goes through the page in the order it is read', async () => {
  const page = await open()
  await enter(page)
  await page.goto(site.url)
  await page.keyboard.press('Tab')
  const first = await page.evaluate(() => ({
    text: document.activeElement.textContent,
    left: document.activeElement.getBoundingClientRect().left,
  }))
  assert.equal(first.text, 'Langsung ke isi')
  assert.ok(first.left >= 0, 'the skip link is seen when it has the focus')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'isi')
  await page.goto(site.url)
  const wanted = await page.$$eval('a, button, summary, input:not([type=hidden]), [tabindex="0"]', (all) =>
    all.filter((one) => one.checkVisibility()).map((one, i) => (one.dataset.order = String(i))))
  const order = []
  for (let i = 0; i < wanted.length; i++) {
    await page.keyboard.press('Tab')
    const { at, outline } = await page.evaluate(() => ({
      at: document.activeElement.dataset.order,
      outline: getComputedStyle(document.activeElement).outlineStyle,
    }))
    assert.notEqual(outline, 'none', 'the focus is seen')
    order.push(at)
  }
  assert.deepEqual(order, wanted)
})

test('a form without its token is refused and changes nothing', async () => {
  const page = await open()
  await enter(page)
  const lines = () => page.$$eval('#kejanggalan form.buttons', (all) => all.length)
  const before = await lines()
  for (const value of [null, '', 'x'.repeat(64)]) {
    await page.goto(site.url)
    await page.$eval('#kejanggalan form.buttons input[name=csrf]', (input, value) => {
      if (value === null) input.remove()
      else input.value = value
    }, value)
    const [answer] = await Promise.all([page.waitForNavigation(), page.click('#kejanggalan form.buttons button')])
    assert.equal(answer.status(), 403)
    assert.ok((await text(page, 'body')).includes('tidak berlaku'))
  }
  await page.goto(site.url)
  assert.equal(await lines(), before)
})

test("another site's form is refused, and the cookie stays at home", async () => {
  const page = await open()
  await enter(page)
  const [cookie] = await page.browserContext().cookies()
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, 'Strict', '/'])
  const foreign = { Origin: 'https://example.com', Cookie: `${cookie.name}=${cookie.value}` }
  for (const place of ['/tindakan', '/keluar', '/masuk']) {
    const answer = await fetch(new URL(place, site.url), { method: 'POST', headers: foreign, body: new URLSearchParams({ csrf: 'x' }) })
    assert.equal(answer.status, 403, place)
  }
  await page.goto(site.url)
  assert.equal(new URL(page.url()).pathname, '/', 'still inside')
})

test('leaving ends the session on the server', async () => {
  const page = await open()
  await enter(page)
  const [cookie] = await page.browserContext().cookies()
  await Promise.all([page.waitForNavigation(), page.click('header button')])
  assert.equal(new URL(page.url()).pathname, '/masuk')
  const answer = await fetch(site.url, { headers: { Cookie: `${cookie.name}=${cookie.value}` }, redirect: 'manual' })
  assert.equal(answer.status, 303)
})

test('every answer carries its headers', async () => {
  for (const place of ['/', '/masuk', '/gaya.css', '/grafik/perkiraan.svg', '/tidak-ada']) {
    const answer = await fetch(new URL(place, site.url), { redirect: 'manual' })
    const policy = answer.headers.get('content-security-policy')
    for (const part of ["default-src 'none'", "style-src 'self'", "img-src 'self'", "form-action 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy?.includes(part), `${place}: ${policy}`)
    }
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(answer.headers.get('cache-control'), 'no-store')
  }
})

// The last one: afterwards this address has to wait.
test('wrong passwords are refused, slowly after a few, and never shut out the right one', async () => {
  const attempt = (token) =>
    fetch(new URL('/masuk', site.url), { method: 'POST', body: new URLSearchParams({ kata_sandi: token }), redirect: 'manual' })
  for (let i = 0; i < 5; i++) assert.equal((await attempt(`tebakan ${i}`)).status, 401)
  for (const [token, status] of [['tebakan lagi', 429], [TOKEN, 303]]) {
    const begin = performance.now()
    const answer = await attempt(token)
    assert.equal(answer.status, status)
    assert.equal(answer.headers.has('set-cookie'), status === 303)
    assert.ok(performance.now() - begin > 1900, 'it is heard two seconds later')
  }
})
