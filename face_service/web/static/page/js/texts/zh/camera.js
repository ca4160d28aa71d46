/** 摄像头与图片输入。 */

export default {
  "problem.camera.refused": "浏览器不允许使用摄像头。请在浏览器的网站设置中允许，或改为选择图片。",
  "problem.camera.absent": "没有找到摄像头。请连接一个，或改为选择图片。",
  "problem.camera.insecure":
    "浏览器只允许 HTTPS 或 localhost 页面使用摄像头。请以这种方式打开本页，或改为选择图片。",
  "problem.camera.busy": "其他程序正在使用摄像头。请关闭它后重试，或改为选择图片。",
  "problem.camera.lost": "摄像头已断开。请重新连接后再打开，或改为选择图片。",
  "problem.camera.other": "无法启动摄像头：{detail}。请改为选择图片。",

  "input.label": "图片",
  "input.title": "将图片拖到这里",
  "input.hint": "或直接粘贴。支持 JPEG、PNG、WebP 和 BMP。",
  "input.title.touch": "选择一张图片",
  "input.hint.touch": "从相册选取，或现在拍一张。",
  "input.choose": "选择图片",
  "input.camera": "使用摄像头",
  "input.opening": "正在启动摄像头…",
  "input.take": "拍照",
  "input.flip": "切换摄像头",
  "input.close": "关闭摄像头",
  "input.opened": "摄像头已打开。",
  "input.video": "摄像头画面",
};
