// docs/tracker.md
(() => {
  const tracker = window.pointerscope;
  if (!tracker?.mark || tracker.trial) return;

  let current;

  const rectangle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x, y, width, height].map((length) => Math.round(length * 100) / 100);
  };

  tracker.trial = ({ start, targets = {}, ...names }) => {
    const named = Object.entries(targets).map(([name, element]) => [name, rectangle(element)]);
    const data = { ...names, targets: Object.fromEntries(named) };
    if (start) data.start = rectangle(start);
    tracker.mark("trial:start", data);
    const trial = {
      end({ response, correct } = {}) {
        if (current !== trial) return;
        current = null;
        tracker.mark("trial:end", { response, correct });
      },
    };
    current = trial;
    return trial;
  };
})();
