// Records with the browser's recorder and lays the result into the form's file field; without one the file field remains.
"use strict";
(() => {
  const form = document.querySelector("[data-recorder]");
  if (!form || typeof MediaRecorder === "undefined" || !navigator.mediaDevices) return;
  const box = form.querySelector(".recorder");
  const [record, stop] = ["record", "stop"].map((name) => box.querySelector(`[data-act="${name}"]`));
  const say = box.querySelector("[data-say]");
  const level = box.querySelector("meter");
  const listen = box.querySelector("audio");
  const file = form.querySelector("#sound");
  const longest = Number(form.dataset.longest);
  const KINDS = [["audio/webm;codecs=opus", "webm"], ["audio/ogg;codecs=opus", "ogg"], ["audio/mp4", "m4a"]];
  const chosen = KINDS.find(([kind]) => MediaRecorder.isTypeSupported(kind));
  if (!chosen) return;
  box.hidden = false;
  let recorder = null;
  let ticking = 0;

  const WHY = {
    NotAllowedError: "浏览器没有让本页用话筒。请在地址栏左边允许，再按“开始录音”。",
    NotFoundError: "没有找到话筒。请插好再试，或选一个录好的文件。",
    NotReadableError: "话筒正被别的程序占用。请关掉那个程序再试。",
  };

  async function begin() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, noiseSuppression: true, autoGainControl: true } });
    } catch (error) {
      say.textContent = WHY[error.name] || "打不开话筒。请换一个话筒，或选一个录好的文件。";
      return;
    }
    const pieces = [];
    recorder = new MediaRecorder(stream, { mimeType: chosen[0], audioBitsPerSecond: 24000 });
    recorder.addEventListener("dataavailable", ({ data }) => pieces.push(data));
    recorder.addEventListener("stop", () => done(stream, pieces));
    stream.getAudioTracks()[0].addEventListener("ended", end); // the microphone was pulled out: what was said is kept
    recorder.start(1000);
    listen.hidden = true;
    toggle(true);
    show(stream, performance.now());
    stop.focus();
  }

  function show(stream, began) {
    const context = new AudioContext();
    const ear = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(ear);
    const wave = new Float32Array(ear.fftSize);
    ticking = setInterval(() => {
      ear.getFloatTimeDomainData(wave);
      level.value = Math.min(1, Math.max(...wave.map(Math.abs)) * 1.5);
      const seconds = Math.floor((performance.now() - began) / 1000);
      say.textContent = `正在录，${seconds} 秒（最长 ${longest} 秒）`;
      if (seconds >= longest) end();
    }, 200);
    recorder.addEventListener("stop", () => context.close());
  }

  function end() {
    if (recorder && recorder.state !== "inactive") recorder.stop();
  }

  function done(stream, pieces) {
    clearInterval(ticking);
    stream.getTracks().forEach((track) => track.stop());
    toggle(false);
    const sound = new File(pieces, `recording.${chosen[1]}`, { type: chosen[0].split(";")[0] });
    const basket = new DataTransfer();
    basket.items.add(sound);
    file.files = basket.files;
    if (listen.src) URL.revokeObjectURL(listen.src);
    listen.src = URL.createObjectURL(sound);
    listen.hidden = false;
    record.textContent = "重新录";
    say.textContent = `录好了（${Math.ceil(sound.size / 1024)} KB）。请先听一遍，再交去审核。`;
  }

  function toggle(recording) {
    record.hidden = recording;
    stop.hidden = level.hidden = !recording;
  }

  record.addEventListener("click", begin);
  stop.addEventListener("click", end);
  file.addEventListener("change", () => {
    listen.hidden = true;
    say.textContent = "用选的文件。";
  });
})();
