"""Default names of guests, who have not chosen one: some 15,000, so that few share one."""

import secrets
from typing import Final

_ADJECTIVES: Final = (
    "Agile Amber Artful Azure Blithe Bold Brave Breezy Bright Brisk Calm Candid Careful Cheery "
    "Clever Copper Coral Cosmic Cosy Crisp Curious Dapper Daring Deft Eager Early Earnest Fair "
    "Fearless Fleet Fond Frank Friendly Gallant Gentle Gifted Golden Graceful Handy Happy Hardy "
    "Hazel Honest Humble Indigo Ivory Jolly Jovial Keen Kind Lively Loyal Lucid Lucky Mellow "
    "Merry Mighty Mild Modest Neat Nimble Noble Olive Patient Pensive Placid Plucky Polite Proud "
    "Quick Quiet Radiant Rapid Ready Rosy Rustic Sage Scarlet Serene Sharp Silver Sincere Smart "
    "Snowy Soft Solar Spry Steady Stellar Sunny Swift Tactful Tidy Tranquil Trusty Upbeat Velvet "
    "Vivid Warm Wise Witty Zesty"
)
_ANIMALS: Final = (
    "Albatross Alpaca Antelope Avocet Badger Bat Beaver Bison Bittern Bobcat Bunting Buzzard "
    "Camel Caribou Cheetah Chickadee Condor Coot Cormorant Cougar Coyote Crane Cricket Curlew "
    "Deer Dolphin Dormouse Dove Dragonfly Duck Dunlin Eagle Egret Elk Ermine Falcon Ferret Finch "
    "Firefly Fox Gannet Gazelle Gecko Gibbon Giraffe Goldfinch Goose Grebe Grouse Gull Hare "
    "Harrier Hawk Hedgehog Heron Hoopoe Hornbill Ibex Ibis Jackdaw Jay Kestrel Kingfisher Kite "
    "Kiwi Koala Lapwing Lark Lemur Leopard Linnet Llama Lynx Magpie Mallard Manatee Marmot Marten "
    "Martin Mink Mole Moose Moth Narwhal Newt Nightingale Nuthatch Ocelot Okapi Oriole Osprey "
    "Otter Owl Oyster Panda Partridge Pelican Penguin Petrel Pika Plover Puffin Quail Quokka "
    "Rabbit Raven Redstart Reindeer Robin Salmon Sandpiper Seal Shrew Siskin Skylark Sparrow "
    "Squirrel Starling Stoat Stork Swallow Swan Swift Tapir Teal Tern Thrush Tiger Toad Toucan "
    "Trout Turtle Vole Wagtail Walrus Warbler Weasel Whale Wigeon Wolf Wombat Woodcock Wren Yak "
    "Zebra"
)


def draw_name() -> str:
    """Return a name at random, such as `Quiet Otter`."""
    return f"{secrets.choice(_ADJECTIVES.split())} {secrets.choice(_ANIMALS.split())}"
