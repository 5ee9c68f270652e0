"""https://docs.seldon.ai/mlserver/user-guide/custom: a custom runtime; the image is a BYTES tensor in base64."""

import json

from classification import Classifier, best_classes, preprocess
from mlserver import MLModel
from mlserver.codecs import Base64Codec, StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class ImageClassifier(MLModel):
    async def load(self) -> bool:
        self.classifier = Classifier()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        [file] = Base64Codec.decode_input(payload.inputs[0])
        logits = self.classifier.run(preprocess(file)[None])
        answer = json.dumps({"predictions": best_classes(logits[0])})
        return InferenceResponse(
            model_name=self.name,
            outputs=[StringCodec.encode_output("predictions", [answer])],
        )
