"""Makes a C++ source of text files: embed.py OUTPUT HEADER NAMESPACE FILE... defines `player_js` for a player.js, which
HEADER declares in NAMESPACE."""
import os
import sys

output, header, namespace, *files = sys.argv[1:]
PIECE = 8000  # characters of a literal; no compiler must take more than 65,536
with open(output, 'w', encoding='utf-8') as source:
    source.write(f'#include "{header}"\n\nnamespace {namespace} {{\n')
    for path in files:
        with open(path, encoding='utf-8') as file:
            text = file.read()
        assert ')~~~"' not in text and '</script' not in text, path
        pieces = ''.join(f'R"~~~({text[i:i + PIECE]})~~~"\n' for i in range(0, len(text), PIECE))
        name = os.path.basename(path).replace('.', '_')
        source.write(f'const std::string_view {name} =\n{pieces};\n')
    source.write('}\n')
