/** Where the chosen theme is kept. `var`, because the boot script is for engines of any age. */
export var THEME_KEY = "quire-theme";
