/** The build turns stylesheets into files of their own. */
declare module "*.css";
