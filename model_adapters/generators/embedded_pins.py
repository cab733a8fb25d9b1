"""sha256 of the embedded generator's files: written by `embedded_training.release`, checked at load."""

WEIGHT_HASHES: dict[str, str] = {
    "model_index.json": "2429fd1450c7a47029750a884f377f0a7d8b03a9d40554f7f16058361f7bb736",
    "scheduler/scheduler_config.json": "20eb97009832a0a8e7392e37fdf79b365887b0e2434ac80df2f13a97e234fb82",
    "text_encoder/config.json": "1cc8dd94b931480afef2534418a9ac4ba4b5e0e546e6c039c8f409afd9f639da",
    "text_encoder/model.safetensors": "89851f7d07a1ed473b2d6e7051fdbcf7fef77caef96b81579ab63b3dad694901",
    "tokenizer/tokenizer.json": "9c19c4702782bfc513ac9a9a7b104a7c70df9dad2ce189fe558640b13ce3cda5",
    "tokenizer/tokenizer_config.json": "a45b5d6a4fc13ed2a933b26843de72268566040b0049db2105789145a720d2ce",
    "unet/config.json": "4a6daed66a633784e7d9121f69536748e7a4067866d0ef6c8223a983894f4950",
    "unet/diffusion_pytorch_model.safetensors": "5270a62f289dafdd26e3f9519663342ddd16a6cc173e5fcca592a1e1ae2862ba",
    "vae/config.json": "98ca9ecf8c72c885a185dc0c4810d155324f326dd88cbe54108868262cc99243",
    "vae/diffusion_pytorch_model.safetensors": "5f7ec6ff83b9a202ba06542a110a1805fe6610657184354629cbcd01eaedfd10",
}
