"""sha256 of the embedded generator's files: written by `embedded_training.release`, checked at load."""

WEIGHT_HASHES: dict[str, str] = {
    "model_index.json": "2429fd1450c7a47029750a884f377f0a7d8b03a9d40554f7f16058361f7bb736",
    "scheduler/scheduler_config.json": "a04225c1d5511e38c0cb79f60a20b7b4853b9088ecf9466121b8c6eaf43c72fd",
    "text_encoder/config.json": "1cc8dd94b931480afef2534418a9ac4ba4b5e0e546e6c039c8f409afd9f639da",
    "text_encoder/model.safetensors": "d35dc5475b31c42e2f63ccf6afd4619e3db575664fd6dcea9475478ad18dbcd1",
    "tokenizer/tokenizer.json": "9c19c4702782bfc513ac9a9a7b104a7c70df9dad2ce189fe558640b13ce3cda5",
    "tokenizer/tokenizer_config.json": "a45b5d6a4fc13ed2a933b26843de72268566040b0049db2105789145a720d2ce",
    "unet/config.json": "4a6daed66a633784e7d9121f69536748e7a4067866d0ef6c8223a983894f4950",
    "unet/diffusion_pytorch_model.safetensors": "d0b06a9818c8f13370a0e51b0b011693af79b2bc9daf8d894c0f6a6d57e967c9",
    "vae/config.json": "e635a63a90eaf2980b5b4294df6c744c61e6080127603db732ea35751e929664",
    "vae/diffusion_pytorch_model.safetensors": "19dcb23af8f6e6c1c921fc7099f23dd664d551b233e8a44bc7d3e0a849fbfd45",
}
