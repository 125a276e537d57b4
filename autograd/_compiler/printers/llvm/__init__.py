"""LLVM's language, piece by piece: lines, scalar functions, loops over vectors, products of matrices."""
