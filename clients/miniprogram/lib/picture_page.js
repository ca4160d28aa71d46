/** What the pages share: a picture, perhaps a name, something to ask, and what came of it. */
const { drawOnPage } = require('./drawing')
const { CANCELLED, failure, mayPass } = require('./errors')
const { choosePicture } = require('./pictures')
const { wordsOfFailure } = require('./words')

const NAME_KEY = 'name'
const CANVAS = '#drawing'
const TABS = ['tabLogin', 'tabVerify', 'tabDetect'] // in the order of app.json

/** What every page begins with. */
const DATA = {
  t: {},
  picture: '',
  name: '',
  busy: false,
  drawn: false,
  message: '',
  tone: '',
  canRetry: false,
}

/** What every page does; `this` is the page. */
const SHARED = {
  onLoad() {
    this.setData({ t: getApp().texts })
  },

  onShow() {
    // Another page may have changed the name meanwhile.
    this.setData({ name: wx.getStorageSync(NAME_KEY) || '' })
    nameBars(getApp().texts, this.titleKey)
  },

  onName(event) {
    this.setData({ name: event.detail.value })
    wx.setStorageSync(NAME_KEY, event.detail.value)
  },

  onChoose() {
    return choosePicture(wx).then(
      (picture) => {
        this.chosen = picture
        this.setData({
          picture: picture.path,
          drawn: false,
          message: '',
          tone: '',
          canRetry: false,
        })
      },
      (found) => found.code === CANCELLED || showFailure(this, found, false)
    )
  },

  onRetry() {
    return this.retry()
  },

  run(ask, toWords) {
    return run(this, ask, toWords)
  },
}

/**
 * Return the options of a page.
 *
 * @param {string} titleKey Of the texts: the page's title.
 * @param {object} handlers Further handlers; they call `this.run`.
 */
function makePicturePage(titleKey, handlers) {
  return Object.assign({ data: Object.assign({}, DATA), titleKey }, SHARED, handlers)
}

/**
 * Ask the service about the chosen picture and show what it says.
 *
 * @param {object} page
 * @param {function(object, import('./api').Picture, string): Promise<object>} ask
 * @param {function(object, object): import('./words').Words} toWords
 * @returns {Promise<void>} Never rejected.
 */
async function run(page, ask, toWords) {
  if (page.data.busy) {
    return
  }
  const { texts, api } = getApp()
  if (!page.chosen) {
    wx.showToast({ title: texts.chooseFirst, icon: 'none' })
    return
  }
  const picture = page.chosen
  page.retry = () => run(page, ask, toWords)
  page.setData({ busy: true, message: '', tone: '', canRetry: false, drawn: false })
  wx.showLoading({ title: texts.working, mask: true })
  let words = null
  try {
    words = toWords(texts, await ask(api, picture, page.data.name.trim()))
  } catch (error) {
    const found = asFailure(error)
    showFailure(page, found, mayPass(found))
  }
  wx.hideLoading()
  page.setData({ busy: false })
  if (words !== null) {
    await showWords(page, picture, words)
  }
}

/** Show words, and the faces where there are any. */
function showWords(page, picture, words) {
  const faces = words.faces || []
  return new Promise((resolve) => {
    // The canvas is on the page only once the data says so.
    page.setData({ message: words.message, tone: words.tone, drawn: faces.length > 0 }, resolve)
  })
    .then(() => (faces.length ? drawOnPage(wx, CANVAS, picture.path, faces) : true))
    .then((drawn) => drawn || page.setData({ drawn: false }))
}

function showFailure(page, found, canRetry) {
  const words = wordsOfFailure(getApp().texts, found)
  page.setData({ message: words.message, tone: words.tone, canRetry })
}

/** A defect of this program is told as one, instead of leaving the page waiting. */
function asFailure(error) {
  return error instanceof Error ? failure('INTERNAL', { detail: String(error) }) : error
}

/** Put the language's words into the bars, which app.json has in English. */
function nameBars(texts, titleKey) {
  const fail = () => undefined // not shown just now: the next onShow does it
  wx.setNavigationBarTitle({ title: texts[titleKey], fail })
  TABS.forEach((key, index) => wx.setTabBarItem({ index, text: texts[key], fail }))
}

/**
 * Ask the person a question while a page works; rejected with CANCELLED unless the answer is yes.
 *
 * @param {object} t Texts.
 * @param {string} content The question.
 * @returns {Promise<void>}
 */
function confirm(t, content) {
  wx.hideLoading() // its mask would lie over the question
  return new Promise((resolve, reject) => {
    const no = () => reject(failure(CANCELLED))
    wx.showModal({
      content,
      confirmText: t.yes,
      cancelText: t.no,
      success: (result) => (result.confirm ? resolve() : no()),
      fail: no,
    })
  }).then(
    () => wx.showLoading({ title: t.working, mask: true }),
    (found) => {
      wx.showLoading({ title: t.working, mask: true }) // which the page hides in any case
      throw found
    }
  )
}

module.exports = { confirm, makePicturePage }
