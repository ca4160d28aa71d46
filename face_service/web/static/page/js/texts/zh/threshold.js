/** 本视图的文字。 */

export default {
  "threshold.title": "阈值",
  "threshold.lead":
    "两张人脸的距离低于阈值时，视为同一个人。这里根据已登记的人脸，显示每种选择会放进谁、拒绝谁。",
  "threshold.kinds": "判断内容",
  "threshold.kind.verification": "登录（1:1）",
  "threshold.kind.identification": "识别（1:N）",
  "threshold.about.verification": "这是不是所报姓名的那个人？",
  "threshold.about.identification":
    "这是所有已登记者中的哪一位？比对的人越多，出错的机会越多，所以阈值线应更靠左。",
  "threshold.scales": "柱形的刻度",
  "threshold.scale.linear": "线性",
  "threshold.scale.log": "对数",
  "threshold.chart": "成对人脸的距离",
  "threshold.genuine": { other: "同一个人：{count} 对" },
  "threshold.impostor": { other: "不同的人：{count} 对" },
  "threshold.axis": "距离：左端完全相同，右端毫不相似",
  "threshold.how": "拖动阈值线，或选中后用方向键移动。",
  "threshold.slider": "阈值",
  "threshold.value": "{value}。{wrong}{missed}",
  "threshold.mark.now": "使用中 {value}",
  "threshold.mark.wanted": "建议 {value}",
  "threshold.basis": "根据 {people} 人的 {faces} 张人脸测得。",
  "threshold.pairs": "柱形统计成对的人脸；比率统计的是每张人脸在全部登记中的最佳匹配。",
  "threshold.measuring": "正在比对所有已登记的人脸……",
  "threshold.at": "阈值为 {value} 时",

  "threshold.verification.wrong": "被放进的陌生人",
  "threshold.verification.wrong.some": "{of} 个冒用他人姓名的陌生人中，有 {count} 个会被放进。",
  "threshold.verification.wrong.none": "{of} 个冒用他人姓名的陌生人中，没有人会被放进。",
  "threshold.verification.missed": "被拒绝的本人",
  "threshold.verification.missed.some": "本人登录 {of} 次，有 {count} 次会失败。",
  "threshold.verification.missed.none": "本人登录 {of} 次，没有一次会失败。",
  "threshold.identification.wrong": "被错认的陌生人",
  "threshold.identification.wrong.some": "{of} 个陌生人中，有 {count} 个会被认作某位已登记者。",
  "threshold.identification.wrong.none": "{of} 个陌生人中，没有人会被认作已登记者。",
  "threshold.identification.missed": "未被认出的人",
  "threshold.identification.missed.some": "已登记者的 {of} 张照片中，有 {count} 张认不出来。",
  "threshold.identification.missed.none": "已登记者的 {of} 张照片中，没有认不出来的。",
  "threshold.missed.unknown": "没有人登记两张照片，因此无法测量。",
  "threshold.bounds": "95% 的把握在 {low} 至 {high} 之间。实测：{trials} 次中有 {errors} 次。",
  "threshold.unknown": "未知",

  "threshold.now": "使用中：{value}",
  "threshold.source.setting": "由设置固定",
  "threshold.source.calibrated": "在此处或用“calibrate”选定",
  "threshold.source.card": "模型自带",
  "threshold.use.verification": "登录使用 {value}",
  "threshold.use.identification": "识别使用 {value}",
  "threshold.used": "此阈值已在使用",
  "threshold.fixed.verification":
    "此阈值由设置 FACE_THRESHOLD 固定。从服务器的环境变量中去掉它，才能在此选择。",
  "threshold.fixed.identification":
    "此阈值由设置 FACE_IDENTIFY_THRESHOLD 固定。从服务器的环境变量中去掉它，才能在此选择。",
  "threshold.few.verification":
    "人脸太少，无从选择：不同的人只有 {trials} 对，而 {needed} 分之一的比率需要 {needed} 对，" +
    "即每人一张照片的 {people} 个人。请登记更多的人，或在下方允许更多陌生人。",
  "threshold.few.identification":
    "人脸太少，无从选择：只有 {trials} 张，而 {needed} 分之一的比率需要 {needed} 张。" +
    "请登记更多的人，或在下方允许更多陌生人。",
  "threshold.confirm.title": "从现在起使用 {value}？",
  "threshold.confirm.change": "变化",
  "threshold.confirm.old": "现在",
  "threshold.confirm.new": "之后",
  "threshold.confirm.threshold": "阈值",
  "threshold.confirm.about": "立即生效，对此服务器的所有使用者都有效。",
  "threshold.confirm.apply": "使用",
  "threshold.worse.verification.wrong": "被放进的陌生人会大幅增多：从 {before} 增至 {after}。",
  "threshold.worse.verification.missed": "被拒绝的本人登录会大幅增多：从 {before} 增至 {after}。",
  "threshold.worse.identification.wrong": "被错认的陌生人会大幅增多：从 {before} 增至 {after}。",
  "threshold.worse.identification.missed": "认不出的照片会大幅增多：从 {before} 增至 {after}。",
  "threshold.applied": "已使用 {value}。",
  "threshold.reset": "恢复模型自带的阈值",
  "threshold.reset.title": "恢复模型自带的阈值？",
  "threshold.forgets.both": "为登录和识别选定的两个阈值都会被忘记。",
  "threshold.forgets.verification": "为登录选定的阈值会被忘记，识别的阈值保持不变。",
  "threshold.forgets.identification": "为识别选定的阈值会被忘记，登录的阈值保持不变。",
  "threshold.reset.done": "已恢复模型自带的阈值。",

  "threshold.wanted": "可以接受什么？",
  "threshold.wanted.verification": "至多放进一个，在多少个陌生人中",
  "threshold.wanted.identification": "至多错认一个，在多少个陌生人中",
  "threshold.wanted.suggestion": "建议的阈值为 {value}。",
  "threshold.wanted.move": "将线移到那里",
  "threshold.wanted.invalid": "请填写 2 至 1,000,000 之间的整数。",

  "threshold.cautions": "相信这些数字之前",
  "threshold.caution.RATE_UNREACHABLE":
    "没有阈值能达到您的要求：不同的人中有太多相同的人脸。可能有人用两个姓名登记过。",
  "threshold.caution.RATE_ALWAYS_KEPT": "任何阈值都能达到您的要求。",
  "threshold.caution.RATE_NOT_MEASURABLE":
    "只有 {trials} 次比对，测不出这么低的比率：建议值只是猜测。",
  "threshold.caution.RATE_UNCERTAIN":
    "按您的要求，{trials} 次比对中预计约有 {expected} 次出错。达到 {needed} 次以上时，比率的误差才会在三分之一以内。",
  "threshold.caution.NO_GENUINE_PAIRS":
    "没有人登记两张照片。请为一些人再登记一张，才能看出本人有多常被拒绝。",
  "threshold.caution.FEW_GENUINE_PAIRS": {
    other: "同一个人的照片只有 {count} 对：本人有多常被拒绝还不确定。",
  },
  "threshold.caution.FEW_SUBJECTS": {
    other: "只登记了 {count} 人：换成其他人，数字可能大不相同。",
  },
  "threshold.caution.PART_DRAWN":
    "在 {total} 张人脸中随机抽取了 {faces} 张进行比对，识别的比率只属于这一部分。",
  "threshold.caution.GROWS_WITH_GALLERY":
    "登记的人脸越多，陌生人与其中之一相像的机会越大：阈值会随之自动收紧。请不时重新测量。",

  "threshold.table": "以表格显示数字",
  "threshold.table.threshold": "阈值",
  "threshold.table.bounds": "{low} 至 {high}",
  "threshold.table.line": "阈值线",
  "threshold.table.now": "使用中",

  "threshold.empty": "还没有可测量的人脸",
  "threshold.empty.about": "请至少登记两个人，每人两张照片。约 50 人时，数字才值得依据。",
  "threshold.empty.now": "在此之前使用模型自带的阈值。",
  "threshold.empty.register": "登记一个人",
  "threshold.empty.people": "批量添加",
  "threshold.forbidden": "查看和选择阈值需要权限为“admin”的 API 密钥。",
  "threshold.forbidden.key": "输入其他密钥",
};
