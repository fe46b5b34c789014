/** The pages around the documents, as one file of the build. */

export { showAccountPage } from "./account";
export { showJoinPage } from "./join";
export { showLinkPage } from "./link";
export { showPeoplePage } from "./people";
export { showSignInPage } from "./signin";
