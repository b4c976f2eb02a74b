// Swagger UI has a dark theme of its own, by a class. A classic script, as theme.js is.
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const apply = () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
    root.classList.toggle("dark-mode", isDark);
  };

  apply();
  system.addEventListener("change", apply);
})();
