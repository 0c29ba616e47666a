"""Texts become sound ahead of the call, in processes of their own.

The engine imports `cache`, `prompts` and `client`, which know where a text's sound is and have it made;
`worker` is the process that makes it, with `tts`, an engine such as `espeak`, and `sound`.
"""
