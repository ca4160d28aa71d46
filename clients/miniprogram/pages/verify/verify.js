const { makePicturePage } = require('../../lib/picture_page')
const { wordsOfVerify } = require('../../lib/words')

Page(
  makePicturePage('tabVerify', {
    onVerify() {
      return this.run((api, picture, name) => api.verify(picture, name), wordsOfVerify)
    },
  })
)
