"""The catalogue of everything that can go wrong: code, HTTP status, the sentence people read, what to do next.

One code serves the wire, the log and the screen. `raise Problem("enrol.code_used")`; the web answers it as JSON or as a
page, a socket as a frame, the command line as two lines. A `{name}` in a sentence is filled from the details.
Rows are sorted by code, one to a line; `tests/contracts` holds that every code raised is here and documented.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Kind(NamedTuple):
    """One row of the catalogue."""

    status: int
    """HTTP status."""
    sentence: str
    """What happened, in plain Chinese."""
    next: str
    """What the person should do now."""


# fmt: off
PROBLEMS: dict[str, Kind] = {
    "access.denied": Kind(403, "您的岗位不能做这件事。", "需要时请找管理员调整岗位。"),
    "access.login": Kind(401, "请先登录。", "登录后会回到这一页。"),
    "access.region": Kind(403, "这里不在您管理的范围内。", "请回到自己的辖区，或找上级处理。"),
    "backup.file": Kind(422, "备份没有做成：{file}（{reason}）。", "请核对文件夹和文件；中心的数据没有改动。"),
    "case.changed": Kind(409, "您打开之后，{who}已经办了一步，现在是“{state}”。", "您写的还在下面；请先看清新的一步，再决定怎么办。"),
    "case.closed": Kind(409, "办件 {case_no} 已经是“{state}”，不能再补材料或撤回。", "要重新办，请另开一件；这条记录仍保存在本机。"),
    "case.elsewhere": Kind(403, "办件 {case_no} 不是这个服务点收的。", "请到收件的服务点补交；这条记录仍保存在本机。"),
    "case.field": Kind(422, "{field}。", "您写的还在下面，请改正后再交。"),
    "case.mandate": Kind(422, "委托不成立：{reason}。", "请把这件重新填一遍，换上合适的委托书；这条记录仍保存在本机。"),
    "case.missing": Kind(404, "中心还没有办件 {case_no}。", "请先等这件办件上传，再重传这一条；记录仍保存在本机。"),
    "case.move": Kind(409, "这一步不能办：{reason}。", "请看清办件现在的状态，再选下一步。"),
    "case.number": Kind(409, "办件编号 {case_no} 已经有了。", "请联系管理员核对是否重复提交；本机记录不会丢。"),
    "case.wiped": Kind(410, "这件办件的个人信息已经按规定删除。", "办理情况仍可查看；要个人资料，请凭省平台办件号到主管部门查档案。"),
    "computer.code": Kind(403, "配对码不对，或者已经过期。", "请核对通话页面上的八位数；过期了就再要一个。"),
    "computer.event": Kind(422, "这种操作不能做：{event}。", "请用鼠标和常用的键；停止键和系统键只归村里。"),
    "computer.first": Kind(409, "还没有允许查看，不能允许操作。", "请先在助手窗口允许查看屏幕。"),
    "computer.frame": Kind(422, "画面数据不合规定：{field}。", "请村里停止远程协助，再重新配对。"),
    "computer.full": Kind(503, "现在同时配对的电脑太多。", "请过几分钟再要配对码。"),
    "computer.locked": Kind(403, "配对码错了五次，已经作废。", "请在通话页面再要一个配对码。"),
    "computer.none": Kind(409, "村里的电脑没有连上，或者已经停止。", "请村里在通话页面要配对码，再启动助手程序。"),
    "computer.off": Kind(403, "中心没有开放远程协助电脑。", "请用文字或者语音继续。"),
    "computer.replay": Kind(409, "这一步已经做过，或者顺序不对，没有再做。", "请重新打开电脑画面。"),
    "computer.running": Kind(409, "远程协助正在进行。", "要重新配对，请先停止。"),
    "courier.file": Kind(422, "这个文件不能用：{reason}（读到 {bytes} 字节），什么也没有改动。", "请让服务点把整个文件重新拷一份，或重新导出。"),
    "desk.not_built": Kind(503, "坐席台页面还没有构建。", "请运行 deploy/up，它会自动构建。"),
    "device.clock": Kind(401, "本机时间与中心相差太多。", "程序会自动校准后重试；也请检查电脑右下角的时间。"),
    "device.ordered": Kind(409, "这台设备还有一件同样的事没有照办。", "请等它下次联系，或先取消那一件。"),
    "device.replay": Kind(401, "这次请求已经处理过。", "程序会重新签名后再发。"),
    "device.revoked": Kind(403, "这台设备已被停用。", "请联系管理员；本机的个人资料已清除，没有上传的记录仍封存在本机。"),
    "device.signature": Kind(401, "设备签名核对不上。", "请重新登记本机；记录仍保存在本机。"),
    "device.stopped": Kind(409, "这台设备已经停用，不再听中心的安排。", "要用这台电脑，请生成登记码重新登记。"),
    "device.there": Kind(409, "这台设备已经在这个服务点。", "请选另一个服务点。"),
    "device.unknown": Kind(401, "中心没有登记这台设备。", "请找管理员要登记码，重新登记本机。"),
    "enrol.code_expired": Kind(410, "登记码已经过期。", "请找管理员要一个新的登记码。"),
    "enrol.code_used": Kind(409, "登记码已经用过。", "一个码只能登记一台电脑，请找管理员要新的。"),
    "enrol.code_wrong": Kind(404, "登记码不对。", "请对照登记单再输一次；字母不分大小写，没有 0、O、1、I、L。"),
    "enrol.key": Kind(400, "本机生成的密钥不合要求。", "请刷新页面再试；仍不行请换用新版 Edge 或 Chrome 浏览器。"),
    "event.failed": Kind(500, "中心没能处理这条记录，已经留存一份。", "请告诉管理员；不用再填一遍，本机也还有一份。"),
    "event.field": Kind(422, "记录内容不合要求：{field}。", "请改正后再交；原记录仍保存在本机“需处理”里。"),
    "event.tampered": Kind(409, "同一条记录两次送来的内容不一样。", "中心已另存两份，请联系管理员核对。"),
    "event.unknown": Kind(422, "中心不认识这种记录：{name}。", "请更新本机程序后再同步；记录仍保存在本机。"),
    "file.checksum": Kind(460, "附件在路上传坏了，这一段没有算数。", "程序会自动重传，不用重新拍照。"),
    "file.content": Kind(422, "这份附件中心不能收：{reason}。", "请重新拍照，或换一份文件再交；办件本身已经收到。"),
    "file.gone": Kind(410, "这份附件传得太久，中心已清掉没传完的部分。", "程序会自动从头再传；附件还在本机。"),
    "file.large": Kind(413, "附件太大：{bytes} 字节，最多 {limit} 字节。", "请分成几份，或重新拍照；办件本身已经收到。"),
    "file.offset": Kind(409, "附件已收到 {offset} 字节，和这一段接不上。", "程序会自动从收到的地方接着传。"),
    "file.paint": Kind(422, "这份 PDF 一页也画不出来。", "请下载后用电脑里的阅读软件看；打不开的，请退回补正，重新拍照。"),
    "file.quota": Kind(429, "这台电脑一天里传的附件太多了。", "程序明天会接着传；附件还在本机。"),
    "file.reason": Kind(403, "附件里有个人信息，要先写明查看的原因。", "请回到办件页，写明原因再打开；打开后十分钟内有效。"),
    "file.space": Kind(507, "中心的存储空间不够，暂时收不了附件。", "附件还在本机，腾出空间后会自动再传；请告诉管理员。"),
    "file.tus": Kind(412, "上传协议不对，中心用 tus {ours} 版。", "请更新本机程序；附件还在本机。"),
    "file.type": Kind(415, "上传内容的类型不对。", "请更新本机程序；附件还在本机。"),
    "file.unnamed": Kind(404, "中心没有等着这份附件。", "办件传到以后，附件会自动再传。"),
    "follow.level": Kind(422, "还没有选满意程度，或者这件事还没有办完。", "请在五个等级里选一个；没办完的，办完再评。"),
    "follow.wrong": Kind(404, "没有查到：编号或查询码不对。", "请对照回执再输一遍；错得太多要等一个小时。刚交的件，等服务点连上网才查得到。"),
    "form.field": Kind(422, "有一项要改：{field}。", "请改正后再提交；您填的内容都还在下面。"),
    "guide.elsewhere": Kind(403, "这个账号不是{point}的导办员。", "请核对账号；刚调来的，请管理员把您的辖区改到这个服务点。"),
    "item.missing": Kind(404, "没有找到这个事项。", "它可能已经下架，请回到事项列表重新查找。"),
    "keys.letter": Kind(409, "密钥书不能用：{why}。", "请用现在的根密钥重新签发一份，编号比现有的大；原来的密钥书仍然有效。"),
    "keys.none": Kind(409, "没有一把有效的发布密钥。", "请运行 python -m app keys request，用离线的根密钥签发新的密钥书，再导入。"),
    "knowledge.changed": Kind(409, "您打开之后，{who}已经改过这个事项。", "您填的内容还在下面；请先看对方的修改，再决定怎么合并。"),
    "knowledge.moved": Kind(409, "检查问法的时候，又有修改通过了审核。", "请再按一次发布，连新的修改一起检查。"),
    "knowledge.no_release": Kind(503, "中心还没有发布知识。", "请管理员先完成初始化(deploy/up)。"),
    "knowledge.not_author": Kind(403, "这份修改是别人起草的。", "请起草人自己修改、提交或撤回。"),
    "knowledge.note": Kind(422, "还没有写说明。", "请写一句：改了什么、为什么。"),
    "knowledge.nothing": Kind(409, "没有通过审核、等待发布的修改。", "请先完成审核。"),
    "knowledge.own_review": Kind(403, "自己起草的修改不能自己审核。", "请另一位审核员来看。"),
    "knowledge.state": Kind(409, "这份修改现在是“{state}”，不能这样处理。", "请刷新页面，看清它现在到了哪一步。"),
    "knowledge.worse": Kind(409, "有 {count} 个问题会答得更差，没有发布：{questions}。", "请先改好这些事项的群众问法，再训练一次。"),
    "library.busy": Kind(503, "检索目录正在重建。", "请等一分钟再查；资料都在，没有丢失。"),
    "library.changed": Kind(409, "您打开之后，{who}已经改过这篇资料。", "您写的还在下面；请另开一页看对方的修改，再决定怎么合并。"),
    "library.file": Kind(422, "文件不能用：{reason}。", "可以收 txt、md、docx 和有文字的 pdf；您填的内容都还在。"),
    "library.personal": Kind(422, "正文里有个人号码：{places}。", "请删掉，或按“遮住号码再保存”；资料库不存个人信息。"),
    "library.reason": Kind(422, "还没有写撤下的原因，或原因里有个人号码。", "请写一句为什么撤下，不写个人信息。"),
    "library.twice": Kind(409, "同样的内容已经有了：“{title}”。", "请改那一篇，不用再存一份。"),
    "library.withdrawn": Kind(409, "这篇资料已经撤下。", "要修改请先恢复。"),
    "link.expired": Kind(410, "这个首次登录链接已经过期。", "请找管理员重新发一个。"),
    "link.used": Kind(409, "这个首次登录链接已经用过。", "请直接登录；忘了密码请找管理员重新发链接。"),
    "link.wrong": Kind(404, "这个首次登录链接不对。", "请核对链接是否完整，或找管理员重新发一个。"),
    "login.locked": Kind(403, "这个账号已停用。", "要恢复使用，请找管理员。"),
    "login.wrong": Kind(401, "登录名或密码不对。", "请再试一次；忘了密码请找管理员发首次登录链接。"),
    "media.kind": Kind(415, "这个文件不是能用的录音、照片或 PDF。", "录音请用 WebM、Ogg、M4A 或 MP3，样表请用 JPEG 或 PDF。"),
    "media.large": Kind(413, "文件太大：{bytes} 字节，最多 {limit} 字节。", "请录短一些，或把样表分成几份。"),
    "media.missing": Kind(422, "录音或样表对不上：{what}。", "请重新添加这一条，再发布。"),
    "media.sound": Kind(422, "这段录音不能用：{reason}。", "请在安静的地方重新录一遍，听一遍再交。"),
    "message.busy": Kind(409, "这个村正在通话或呼叫。", "请等它结束，再回电。"),
    "message.closed": Kind(409, "这条留言已经办结。", "不用再回。"),
    "message.empty": Kind(422, "留言没有写内容。", "请写清想问什么，再留一次。"),
    "message.item": Kind(422, "中心没有事项“{item}”，留言没有收下。", "请不选事项再留一次；写的内容还在“办件”里。"),
    "message.known": Kind(409, "同一编号的留言已经收下。", "不用再留。"),
    "message.missing": Kind(404, "没有找到这条留言。", "请回到留言列表，重新选择。"),
    "message.not_rung": Kind(409, "现在没有在回这条留言的电话。", "请看留言列表里它到了哪一步。"),
    "message.not_yours": Kind(403, "这条留言还没有认领，或者由另一位坐席认领了。", "请先认领；要接手时，请对方或班长退回。"),
    "message.note": Kind(422, "没有写办结说明。", "请写一句告诉村里的话，再办结。"),
    "message.rung": Kind(409, "正在回这条留言的电话。", "请先结束这次回电。"),
    "message.slot": Kind(422, "希望回电的时间不能用：{reason}。", "请另选一个时段，再留一次；写的内容还在“办件”里。"),
    "message.taken": Kind(409, "这条留言已经有人认领。", "请看下一条。"),
    "opendata.changed": Kind(409, "数据文件在审批前被改动过。", "请重新生成，再请另一位同事审批。"),
    "opendata.own_build": Kind(403, "自己生成的数据不能自己审批。", "请另一位数据员或管理员审批。"),
    "page.act": Kind(422, "这一步不能代做：{reason}。", "请用“指一指”告诉村里，由村里自己做。"),
    "page.consent": Kind(403, "村里没有同意让您看页面，或者同意已经收回。", "请先征得同意；文字一直可以用。"),
    "page.hand": Kind(403, "村里没有同意您代为操作，或者同意已经收回、到时。", "请先征得同意；指一指、框一框照常可以用。"),
    "page.held": Kind(409, "村里自己在操作，代操作暂停了。", "请等村里按“让他继续”，或用文字说清下一步。"),
    "page.stream": Kind(422, "页面画面的数据不对（{reason}），没有采用。", "画面会自动重新开始；文字一直可以用。"),
    "person.last_admin": Kind(409, "这是最后一位管理员，不能停用或取消管理员岗位。", "请先让另一位同事担任管理员。"),
    "person.password": Kind(422, "这个密码不能用：{reason}。", "请换一个密码。"),
    "person.username": Kind(409, "登录名“{name}”已有人用。", "请换一个登录名。"),
    "place.exists": Kind(409, "服务点代号“{name}”已有了。", "请换一个代号。"),
    "rating.case": Kind(404, "没有办件 {case_no}，或者不在您的辖区。", "请对照纸上的编号；没有办件的，编号留空，选服务点。"),
    "rating.move": Kind(409, "整改单不能这样改：{reason}。", "请看清它现在到了哪一步，改正后再交。"),
    "rating.twice": Kind(409, "这件事已经评价过了。", "一件事只评一次，不用再评。"),
    "reading.busy": Kind(503, "中心正忙着读别的证件。", "忙，请对照证件手工填写，或过一会儿再读。"),
    "reading.pack": Kind(404, "中心现在没有识别包可装。", "证件可以照常交中心读；请告诉管理员。"),
    "reading.picture": Kind(422, "这张照片读不出来。", "请把证件放平、拍清楚再读，或对照证件手工填写；照片还在本机。"),
    "reply.answer": Kind(502, "拟稿模型的答复看不懂，没有采用。", "请再试一次；也可以从右边“查知识”里找，或者自己写。"),
    "reply.broken": Kind(502, "拟稿模型出错了（{status}）。", "请稍后再试；现在可以从右边“查知识”里找，或者自己写。"),
    "reply.busy": Kind(503, "拟稿模型正忙。", "请过一会儿再试；现在可以从右边“查知识”里找，或者自己写。"),
    "reply.no_question": Kind(422, "村里还没有说话，不知道拟什么。", "请等村里说了想问什么，再来拟。"),
    "reply.no_source": Kind(422, "没有找到可以引用的已发布答案，没有拟。", "请在右边“查知识”里换个说法找，或者自己写。"),
    "reply.nothing": Kind(422, "拟出的话都没有通过核对，没有采用。", "请从右边“查知识”里找，或者自己写。"),
    "reply.off": Kind(404, "没有接通拟稿模型。", "需要时请管理员按 deploy/README.md 填写 JJB_DRAFT_URL。"),
    "reply.refused": Kind(502, "拟稿模型不接受这次请求（{status}）。", "请告诉管理员核对拟稿模型的地址、密钥和名称；现在请自己写。"),
    "reply.timeout": Kind(504, "拟稿模型在 {seconds} 秒内没有答复。", "请再试一次；也可以从右边“查知识”里找，或者自己写。"),
    "reply.unreachable": Kind(502, "连不上拟稿模型。", "请告诉管理员；现在可以从右边“查知识”里找，或者自己写。"),
    "request.csrf": Kind(400, "页面开得太久，这次提交没有生效。", "请刷新页面，再交一次。"),
    "request.format": Kind(400, "收到的内容不合规定的格式：{field}。", "请刷新页面再试；仍不行请联系管理员。"),
    "request.method": Kind(405, "这个地址不能这样用。", "请从页面上的按钮或链接进入。"),
    "request.missing": Kind(404, "没有找到这个页面或记录。", "请检查地址，或回到首页。"),
    "request.range": Kind(416, "要的这一段超出了文件。", "请从头下载。"),
    "request.rate": Kind(429, "操作太频繁了。", "请等一分钟再试。"),
    "request.size": Kind(413, "内容太大，超过 {limit} 字节。", "请分开提交。"),
    "result.field": Kind(422, "结果文书没有发出：{field}。", "请退回办件页，改正后再发；已发的文书没有改动。"),
    "result.missing": Kind(404, "中心没有这份结果文书，或者它不是这个服务点的。", "请先同步，看办件的最新进展；还是没有，请问办理部门。"),
    "result.withdrawn": Kind(410, "这份结果文书已经撤回。", "请先同步，看撤回的原因；不要再用以前打印的。"),
    "retention.hold": Kind(422, "没有设成保留：{reason}。", "请核对编号并写明原因，再交一次。"),
    "retention.person": Kind(422, "{field}。", "请改正后再查；证件号码只用来查找，不会保存。"),
    "retention.refused": Kind(409, "没有删除：{reason}。", "请把原因告诉本人；条件满足以后可以再来申请。"),
    "retention.stale": Kind(410, "查找结果已经过期。", "请再输一次证件号码。"),
    "server.busy": Kind(503, "中心现在很忙。", "程序会自动再试；没有上传的记录仍保存在本机。"),
    "server.down": Kind(500, "中心出了点问题，这次没有办成。", "已填的内容还在，请稍后再试；仍不行请联系管理员。"),
    "setting.value": Kind(500, "设置 {name} 的值“{value}”不能用。", "请按 deploy/README.md 的说明改正后重新启动。"),
    "sync.entered": Kind(409, "同一编号的记录已经进账，这一份不能再进。", "请核对两份是否一样；这一份可以作废。"),
    "sync.format": Kind(400, "同步内容不合协议：{field}。", "请更新本机程序后再试；没有上传的记录仍保存在本机。"),
    "sync.proto": Kind(400, "本机程序的同步协议是第 {proto} 版，中心用第 {oldest} 到第 {ours} 版。", "本机程序旧，请更新本机程序；中心旧，请联系管理员更新中心。没有上传的记录仍保存在本机。"),
    "talk.alone": Kind(409, "还没有客服接起。", "请等客服接起，再开语音。"),
    "talk.consent": Kind(403, "村里还没有同意，或者同意已经收回。", "请先征得同意；文字一直可以用。"),
    "talk.empty": Kind(422, "没有内容，没有发出。", "请先输入文字。"),
    "talk.ended": Kind(409, "这次通话已经结束。", "还有问题，请重新呼叫。"),
    "talk.frame": Kind(400, "收到的消息不合规定：{field}。", "请刷新页面；没发出的文字还在输入框里。"),
    "talk.inside": Kind(409, "这个人已经在这次通话里，或者已经请过了。", "请看对话上方的“在场”。"),
    "talk.kind": Kind(422, "这种消息不能发。", "请发文字。"),
    "talk.long": Kind(422, "一条消息最多 4000 字。", "请分成几条发。"),
    "talk.measured": Kind(409, "这次通话的线路记录已经够多，不再收。", "通话照常，不用处理。"),
    "talk.missing": Kind(404, "没有找到这次通话。", "请回到队列，重新选择。"),
    "talk.not_offered": Kind(409, "这个呼叫没有在您这里响铃，或者已经转走。", "请看左边的队列。"),
    "talk.not_yours": Kind(403, "这次通话由另一位坐席接待。", "需要接手时，请对方先退回队列。"),
    "talk.offered": Kind(409, "这个呼叫正在另一位坐席那里响铃。", "没有人接时会转给下一位，请稍等。"),
    "talk.open": Kind(409, "这次通话还没有结束。", "请先结束，再写小结。"),
    "talk.person": Kind(409, "这个人现在不在岗，或者不管这个地方。", "请另选一位，或者转给部门。"),
    "talk.sent_away": Kind(403, "村里请这个人离开了这次通话。", "请由接待的坐席继续；需要时先征得村里同意，再另开一次通话。"),
    "talk.taken": Kind(409, "另一位坐席已经接了这个呼叫。", "请接下一个。"),
    "talk.uninvited": Kind(403, "没有人请您进这次通话。", "请让接待的坐席邀请您。"),
    "talk.wrapped": Kind(409, "这次通话的小结已经写过。", "不用再写。"),
    "test.busy": Kind(503, "中心现在正在给别的电脑测线路。", "请等半分钟再测；通话不受影响。"),
    "test.offer": Kind(400, "线路没有测成：中心看不懂这台电脑的浏览器。", "请刷新页面再测；还不行，请换新版浏览器。"),
}
# fmt: on


class Problem(Exception):
    """Something from the catalogue happened; `details` fill the sentence and travel with the code."""

    def __init__(self, code: str, **details: Any) -> None:
        self.kind = PROBLEMS[code]
        self.code = code
        self.details = details
        super().__init__(f"{code} {details}" if details else code)

    @property
    def sentence(self) -> str:
        """The Chinese sentence, details filled in."""
        return self.kind.sentence.format_map(self.details)

    def to_wire(self) -> dict[str, Any]:
        """The one JSON shape of an error: {"ok": false, "error": {code, message, next, status, details}}."""
        return {
            "ok": False,
            "error": {
                "code": self.code,
                "message": self.sentence,
                "next": self.kind.next,
                "status": self.kind.status,
                "details": self.details,
            },
        }


def sentence_of(code: str) -> str:
    """The sentence of a code kept in a table, details left out."""
    kind = PROBLEMS.get(code)
    return kind.sentence.replace(":{field}", "").replace(":{name}", "") if kind else code
