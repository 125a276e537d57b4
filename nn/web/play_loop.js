// One loop paints everything: training first, for at most a few milliseconds, then what has changed, in turns.

/**
 * Training and painting may take so many milliseconds of a frame, of which training takes at most a part; on a slow
 * machine, where the browser needs long for what was painted, so much less that a frame is over within SLOWEST.
 */
const FRAME_TIME = 15, TRAIN_PART = 0.5, LEAST_TIME = 6, SLOWEST = 30;

/**
 * The loop of a page: {addJob, touch, touchAll, start, stop}. A job is {name, element, every, rest, paint}: it is painted when
 * touched, at most once in `every` milliseconds, and so that it takes at most 1 / rest of the time; not while off screen.
 */
function makeLoop(train, isAlive) {
  const jobs = [], byName = new Map(), over = new MessageChannel();
  let waiting = 0, turn = 0, ended = 0, native = 0;
  // The message comes when the browser has laid out and drawn what the frame changed.
  over.port1.onmessage = () => (native += 0.2 * (Math.min(60, performance.now() - ended) - native));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) for (const job of jobs) if (job.element === entry.target) job.seen = entry.isIntersecting;
    request();
  }, { rootMargin: "80px" });

  function addJob(job) {
    Object.assign(job, { dirty: true, seen: true, last: -1e9, cost: 0 });
    jobs.push(job);
    byName.set(job.name, job);
    seen.observe(job.element);
    request();
  }

  function touch(...names) {
    for (const name of names) {
      const job = byName.get(name);
      if (job) job.dirty = true;
    }
    request();
  }

  function touchAll() {
    for (const job of jobs) job.dirty = true;
    request();
  }

  function request() {
    if (!waiting) waiting = requestAnimationFrame(frame);
  }

  function frame() {
    waiting = 0;
    if (!isAlive()) return stop();
    const start = performance.now(), budget = Math.max(LEAST_TIME, Math.min(FRAME_TIME, SLOWEST - native));
    const busy = train(start, TRAIN_PART * budget), end = start + budget;
    let pending = busy, painted = 0;
    for (let n = 0; n < jobs.length; n++) {
      const job = jobs[(turn + n) % jobs.length];
      if (!job.dirty || !job.seen) continue;
      const now = performance.now();
      if (now - job.last < Math.max(job.every, busy ? job.cost * job.rest : 0)) {
        pending = true;
        continue;
      }
      // One that is dear waits until it is the first of its frame.
      if (busy && painted && now + job.cost > end) {
        turn = (turn + n) % jobs.length;
        pending = true;
        break;
      }
      painted += 1;
      job.dirty = false;
      job.paint();
      job.last = performance.now();
      job.cost += 0.3 * (job.last - now - job.cost);
      pending = pending || job.dirty;
    }
    if (!pending) return;
    request();
    ended = performance.now();
    over.port2.postMessage(0);
  }

  function stop() {
    cancelAnimationFrame(waiting);
    waiting = 0;
    over.port1.close();
    seen.disconnect();
  }
  return { addJob, touch, touchAll, start: request, stop, costs: () => Object.fromEntries(jobs.map((job) => [job.name, job.cost])) };
}

/**
 * The losses so far, by epoch: {add, at, clear, count}. When full, every second one is left out. Up to the epoch `fitted`
 * they are those of nn's fit, each the mean of the losses before its steps.
 */
function makeHistory(room = 2048) {
  const history = { epochs: new Float64Array(room), train: new Float64Array(room), test: new Float64Array(room), count: 0, fitted: -1, add, clear, copy, restore };
  function add(epoch, train, test) {
    // After a way back, what was later is gone.
    while (history.count && history.epochs[history.count - 1] >= epoch) history.count -= 1;
    if (history.count === room) {
      for (let k = 0; 2 * k < room; k++) for (const one of [history.epochs, history.train, history.test]) one[k] = one[2 * k];
      history.count = room / 2;
    }
    history.epochs[history.count] = epoch;
    history.train[history.count] = train;
    history.test[history.count] = test;
    history.count += 1;
  }
  function clear() {
    history.count = 0;
    history.fitted = -1;
  }
  function copy() {
    return { fitted: history.fitted, ...Object.fromEntries(["epochs", "train", "test"].map((name) => [name, history[name].slice(0, history.count)])) };
  }
  function restore(kept) {
    for (const name of ["epochs", "train", "test"]) history[name].set(kept[name]);
    [history.count, history.fitted] = [kept.epochs.length, kept.fitted];
  }
  return history;
}
