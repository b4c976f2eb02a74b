// A classic script that runs before the first paint: a module would run later, and the page flash.
(() => {
  const KEY = "pointerscope.theme";
  const root = document.documentElement;

  const recall = () => {
    try {
      return localStorage.getItem(KEY) ?? "";
    } catch {
      return ""; // Storage can be forbidden; then the system's theme applies.
    }
  };

  const apply = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };

  const choose = ({ target }) => {
    apply(target.value);
    try {
      localStorage.setItem(KEY, target.value);
    } catch {}
  };

  apply(recall());
  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector("[data-theme-choice]");
    if (!choice) return;
    choice.value = recall();
    choice.addEventListener("change", choose);
  });
})();
