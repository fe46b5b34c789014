"""The states of the pages that are looked at: by axe, for what overflows, and for screenshots.

A new surface of the page adds its states to the module of its part; `every_state` has all.
`tests/e2e/test_states.py` checks each in both themes and at the width of a phone;
`python -m scripts.pictures` takes pictures of them. What a state starts from is in
`tests/e2e/scene.py`.
"""
