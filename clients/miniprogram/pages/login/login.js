const { makePicturePage } = require('../../lib/picture_page')
const { wordsOfLogin, wordsOfRegister } = require('../../lib/words')

Page(
  makePicturePage('tabLogin', {
    onRegister() {
      return this.run((api, picture, name) => api.register(picture, name), wordsOfRegister)
    },

    onLogin() {
      return this.run((api, picture, name) => api.login(picture, name), wordsOfLogin)
    },
  })
)
