// The link between a page in a notebook and Python: a widget that is never displayed loads this module, so nothing of it
// is left in a saved notebook. The page owns what is seen, Python the model. Every edit in the page has a number, and so
// has every push from Python: neither takes from the other what it knew better at that time.

/** Milliseconds between two looks for the page: an output that is shown anew has a new element of the same name. */
const LOOK = 250;

/** Returns all weights and biases, layer by layer: weights row by row, then biases. */
function flatNumbers(machine) {
  const parts = machine.W.flatMap((W, k) => [W, machine.b[k]]);
  const found = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (found.set(part, at), at + part.length), 0);
  return found;
}

/** Ties the page whose element has the name `view` to the model of a widget; returns what unties them. */
function initialize({ model }) {
  let play = null, stop = null, edits = 0, known = 0, running = false, waiting = false, lost = false;
  const network = model.get("network");

  /** Tells whether the page still has the network of Python: layers can be added in the page. */
  const isSame = () => {
    const { sizes, activations } = play.machine.state;
    return JSON.stringify([sizes, activations]) === JSON.stringify([network.sizes, network.activations]);
  };

  function tell() {
    const linked = isSame() ? "linked with Python" : "no longer the network of Python";
    play.link(lost ? "the link with Python is lost: run the cell again" : model.get("on") ? linked : null);
  }

  /** Looks for the page, which is there soon after the widget, and again after its output was shown anew. */
  function look() {
    const host = document.getElementById(model.get("view"));
    if (!host || !host.play || host.play === play) return;
    if (stop) stop();
    play = host.play;
    stop = play.onChange(changed);
    tell();
    take();
    model.send({ hello: true });
  }

  function changed() {
    if (running || lost || !model.get("on")) return;
    edits++;
    if (!waiting) { waiting = true; requestAnimationFrame(send); }
  }

  /** Sends the numbers of the page; of several edits in a frame the last wins. */
  function send() {
    waiting = false;
    tell();
    if (running || !isSame()) return;
    const parameters = new DataView(flatNumbers(play.machine).buffer);
    model.set("edited", { edit: edits, known, epoch: play.machine.epoch, parameters });
    model.save_changes();
  }

  /** Takes the numbers of Python, unless the page has an edit that these are older than. */
  function take() {
    const pushed = model.get("pushed");
    lost = false;
    if (!play || !pushed.parameters || !model.get("on")) return;
    if (!pushed.running && pushed.edit < edits) return;
    running = pushed.running;
    known = pushed.version;
    if (isSame()) {
      const { buffer, byteOffset, byteLength } = pushed.parameters;
      play.machine.put(new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength)), pushed.epoch);
      const { epoch, loss, valLoss } = pushed;
      play.follow({ epoch, loss: loss ?? undefined, valLoss: valLoss ?? undefined, running });
    }
    tell();
  }

  /** The kernel has gone, or the connection: what it was about to do will not come. */
  function lose() {
    lost = true;
    if (!play) return;
    if (running) play.follow({ epoch: play.machine.epoch, running: (running = false) });
    tell();
  }

  model.on("change:pushed", take);
  model.on("change:on", () => { if (play) { tell(); take(); } });
  model.on("comm_live_update", lose);
  const timer = setInterval(look, LOOK);
  look();
  return () => {
    clearInterval(timer);
    if (stop) stop();
    if (!play) return;
    if (running) play.follow({ epoch: play.machine.epoch, running: false });
    play.link(null);
  };
}

export default { initialize };
