/** Who one is, and what one can do about it. */

export const user = {
  you: "You",
  youAre: (name: string): string => `You are ${name}`,
  yourName: "Your name",
  nameHint: "Others see it beside your cursor and in the history.",
  nameRule: "A name has at least one letter.",
  save: "Save",
  colour: "Your colour",
  colourNumber: (number: number): string => `Colour ${number}`,
  account: "Account",
  people: "People",
  signIn: "Sign in",
  signOut: "Sign out",
  theme: "Theme",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  language: "Language",
};
