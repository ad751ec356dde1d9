// What can go wrong on the device: code → the sentence people read and what to do next. Twin of app/problems.py, which
// has the centre's; an answer of the centre carries its own sentence. A `{name}` is filled from the details.
// Rows are sorted by code.

export interface Kind {
  message: string;
  next: string;
}

export const PROBLEMS = {
  "case.still": { message: "这件现在不能这样办：可能已经办完，或者上一次交的还没传到中心。", next: "请先看“办到哪一步”；填的内容还在。" },
  "draft.field": { message: "{field}还没有填对。", next: "请改正这一栏再交；已填的内容都在。" },
  "draft.full": { message: "本机今天的办件编号已用完。", next: "请换一台电脑办理，或明天再办；草稿已保存。" },
  "draft.missing": { message: "没有找到这份草稿，可能已经提交或删除。", next: "请到“办件”里看看；没有的话请重新填写。" },
  "item.missing": { message: "本机的知识库里没有这个事项。", next: "请到“事项”里重新查找，或呼叫客服。" },
  "net.answer": { message: "中心的答复看不懂，这次没有算数。", next: "本机记录都在，稍后会自动再试；一直这样请更新本机程序。" },
  "net.centre": { message: "中心暂时忙不过来。", next: "记录都保存在本机，稍后会自动再试，不用重填。" },
  "net.clock": { message: "本机时间和中心相差太大（{seconds} 秒）。", next: "请校准电脑的日期和时间，再点“立即同步”。" },
  "net.offline": { message: "现在连不上中心。", next: "可以照常办理，记录保存在本机；有网后会自动传送。" },
  "net.portal": { message: "网络被登录页面拦住了，没有连到中心。", next: "请先在浏览器里登录这个网络（例如宽带或 Wi-Fi 的登录页），再点“立即同步”。" },
  "net.slow": { message: "网络太慢，{seconds} 秒没有回音。", next: "记录都保存在本机，稍后会自动再试。" },
  "device.lapsed": { message: "这台电脑太久没有和中心联系，个人资料已锁住。", next: "请连上网络，或用 U 盘传递；联系上中心就会打开。知识照常可以查。" },
  "net.unenrolled": { message: "本机还没有登记到服务点。", next: "请输入管理员给的登记码。" },
  "pack.conflict": { message: "知识库更新和本机现有的对不上。", next: "正在改为下载完整的知识库，不影响使用。" },
  "pack.damaged": { message: "下载的知识库有损坏，没有采用。", next: "会自动重新下载坏掉的部分；现有知识库照常使用。" },
  "pack.format": { message: "知识库的说明看不懂，没有采用。", next: "请更新本机程序；现有知识库照常使用。" },
  "pack.key": { message: "知识库的签名不是中心的，没有采用。", next: "请告诉管理员；现有知识库照常使用。" },
  "pack.letter": { message: "中心的密钥书核对不上，没有采用。", next: "请告诉管理员；现有知识库照常使用。" },
  "pack.missing": { message: "本机还没有知识库。", next: "请连上网络，下载完成后就能使用。" },
  "pack.rollback": { message: "收到的知识库比本机的旧，没有采用。", next: "请告诉管理员；现有知识库照常使用。" },
  "pack.root": { message: "知识库更新后核对不一致，没有采用。", next: "正在改为下载完整的知识库，不影响使用。" },
  "pack.schema": { message: "新的知识库需要新版程序才能打开。", next: "请点“有新版本”更新本机程序；现有知识库照常使用。" },
  "pack.scope": { message: "收到的不是办事知识库，没有采用。", next: "请告诉管理员；现有知识库照常使用。" },
  "pack.signature": { message: "知识库的签名核对不上，没有采用。", next: "请告诉管理员；现有知识库照常使用。" },
  "paper.active": { message: "“{name}”里带有程序或附件，不安全，没有加进来。", next: "请把它打印出来再拍照，或请对方重新给一份普通的 PDF。" },
  "paper.broken": { message: "“{name}”不完整，打不开，没有加进来。", next: "请重新拍照，或重新复制一份再加。" },
  "paper.heic": { message: "“{name}”是 HEIC 照片，浏览器打不开，没有加进来。", next: "请在手机相机设置里改成“兼容性最佳”（JPEG）再拍，或用本机摄像头拍。" },
  "paper.kind": { message: "“{name}”{what}，不是照片，也不是 PDF，没有加进来。", next: "请选照片（JPG、PNG）或 PDF；纸质材料可以直接拍照。" },
  "paper.large": { message: "“{name}”有 {size}，超过了 {limit}，没有加进来。", next: "{hint}" },
  "paper.locked": { message: "“{name}”加了密码，没有加进来。", next: "请去掉密码再加，或打印出来再拍照。" },
  "paper.many": { message: "一件最多加 {limit} 份照片和文件，没有再加。", next: "请先删掉不要的，再加新的。" },
  "paper.pixels": { message: "“{name}”的尺寸太大（{width}×{height}），没有加进来。", next: "请把相机的分辨率调低一些再拍。" },
  "people.link": { message: "要先用账号和密码登录一次。", next: "请连上网络，点“用账号登录”；没有传完的记录都在，不会丢。" },
  "people.locked": { message: "这台电脑锁着，要导办员登录才能看。", next: "请输入 PIN 登录；已存的内容都在。" },
  "people.pin": { message: "{fault}。", next: "请换一个 PIN。" },
  "people.wait": { message: "PIN 错了几次，还要等 {wait}。", next: "等一等再输；记不得了，可以连上网络用账号登录。" },
  "people.wrong": { message: "PIN 不对，还能试 {left} 次{wait}。", next: "请看清再输；记不得了，可以连上网络用账号登录。" },
  "rating.level": { message: "还没有选择满意程度。", next: "请在五个等级里选一个。" },
  "rating.twice": { message: "这一件已经评价过了。", next: "每件事只评价一次，谢谢您。" },
  "result.damaged": { message: "文书在路上传坏了，没有打开。", next: "请再取一次；还是不行，请呼叫客服。" },
  "result.gone": { message: "这份文书已经撤回，或者本机还没有收到它。", next: "请先同步，再打开这件办件看最新情况。" },
  "record.missing": { message: "本机没有找到这条记录。", next: "请到“办件”里核对编号。" },
  "stick.centre": { message: "本机还没有和中心通过话，不知道封给谁。", next: "请联网同步一次，或先导入中心做的知识包（.jbpack）。" },
  "stick.file": { message: "这个文件{reason}（读到 {bytes} 字节），什么也没有改动。", next: "请把整个文件重新拷一份再选；还不行就请中心重新做一份。" },
  "stick.space": { message: "空间不够：要 {need} MB，只剩 {free} MB，什么也没有改动。", next: "请先清理电脑磁盘，再导入一次。" },
  "storage.closed": { message: "本机的存储打不开。", next: "请关闭其他就近办窗口，再刷新本页；仍不行请重新启动浏览器。" },
  "storage.damaged": { message: "本机的存储有损坏。", next: "请不要清除浏览器数据，马上联系管理员。" },
  "storage.room": { message: "电脑的存储空间不够，新的知识还差 {missing}，没有下载。", next: "请清理电脑磁盘，腾出空间后会自动下载；现有知识照常使用。" },
  "storage.full": { message: "电脑的存储空间满了，这一步没有保存。", next: "请先清理电脑磁盘，再试一次；之前保存的都在。" },
  "storage.key": { message: "本机的密钥不见了，加密保存的内容打不开。", next: "请联系管理员重新登记本机。" },
  "storage.newer": { message: "本机的资料是更新的程序存下的，这个旧版程序打不开。", next: "请刷新页面换成新版程序；资料都在，不要清除浏览器数据。" },
  "storage.unsupported": { message: "这个浏览器不能在本机保存资料，就近办用不了。", next: "请改用 Edge 或 Chrome（108 以上）、或 Firefox（111 以上）。" },
  "tab.silent": { message: "就近办没有反应。", next: "请关闭其他就近办窗口，再刷新本页；已保存的内容都在。" },
} satisfies Record<string, Kind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** How a problem crosses workers and windows, and what `Status.problem` holds. */
export interface ProblemWire extends Kind {
  code: string;
}

/** Something from the catalogue (or from the centre's) happened; `message` and `next` are what the person reads. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly code: string,
    message: string,
    readonly next: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }

  toWire(): ProblemWire {
    return { code: this.code, message: this.message, next: this.next };
  }
}

/** A problem of the device. */
export function problem(code: ProblemCode, details: Record<string, unknown> = {}): Problem {
  const { message, next } = PROBLEMS[code];
  return new Problem(code, message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? "")), next, details);
}

/** Any thrown value as a Problem; what nobody foresaw reads as a storage that cannot be opened. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (typeof error === "object" && error !== null && "code" in error && "next" in error && "message" in error) {
    const { code, message, next } = error as ProblemWire;
    return new Problem(String(code), String(message), String(next));
  }
  return problem("storage.closed", { cause: String(error) });
}
