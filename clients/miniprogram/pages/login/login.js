const { confirm, makePicturePage } = require('../../lib/picture_page')
const { format } = require('../../lib/texts')
const { wordsOfLogin, wordsOfRegister } = require('../../lib/words')

Page(
  makePicturePage('tabLogin', {
    onRegister() {
      return this.run(register, wordsOfRegister)
    },

    onLogin() {
      return this.run((api, picture, name) => api.login(picture, name), wordsOfLogin)
    },
  })
)

/** Register; the face of somebody who has that name is replaced only if the person says so. */
async function register(api, picture, name) {
  const replace = name !== '' && (await api.exists(name))
  if (replace) {
    const { texts } = getApp()
    await confirm(texts, format(texts.askReplace, { name }))
  }
  return api.register(picture, name, replace)
}
