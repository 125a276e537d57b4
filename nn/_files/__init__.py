"""Networks as files: safetensors, ONNX, PyTorch."""
