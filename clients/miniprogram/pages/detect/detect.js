const { makePicturePage } = require('../../lib/picture_page')
const { wordsOfDetect } = require('../../lib/words')

Page(
  makePicturePage('tabDetect', {
    onDetect() {
      return this.run((api, picture) => api.detect(picture), wordsOfDetect)
    },
  })
)
