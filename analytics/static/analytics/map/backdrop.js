// The backdrop of a map: a screenshot from the viewer's own disk.

// `onPicture` gets the picture, or null; `onSaid` gets what is wrong with a file, or an empty text.
export const listenToBackdrop = (root, { onPicture, onSaid }) => {
  const field = root.querySelector("[data-backdrop]");
  const remover = root.querySelector("[data-backdrop-remove]");

  const take = async () => {
    const [file] = field.files;
    let picture = null;
    try {
      // Decoded here: nothing is sent, and no address of the picture exists.
      if (file) picture = await createImageBitmap(file);
      onSaid("");
    } catch {
      field.value = "";
      onSaid("This file is no picture that the browser can read.");
    }
    remover.hidden = !picture;
    onPicture(picture);
  };

  field.addEventListener("change", take);
  remover.addEventListener("click", () => {
    field.value = "";
    field.focus();
    take();
  });
};
