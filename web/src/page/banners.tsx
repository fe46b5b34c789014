/** The banners of the page. */

import type { Banner, BannerList } from "./bannerlist";

export function Banners({ list }: { readonly list: BannerList }) {
  return (
    <div class="banners">
      {list.shown.value.map((banner) => (
        <Bar key={banner.name} banner={banner} />
      ))}
    </div>
  );
}

function Bar({ banner: { tone, words, actions } }: { readonly banner: Banner }) {
  return (
    <div class={`banner banner-${tone}`} role={tone === "error" ? "alert" : "status"}>
      <span class="banner-words">{words}</span>
      {actions.map(({ label, run }) => (
        <button key={label} type="button" class="button button-small" onClick={run}>
          {label}
        </button>
      ))}
    </div>
  );
}
