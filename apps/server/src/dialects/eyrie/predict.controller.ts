import { Controller, HttpCode, Param, Post, Query, Req, Res, Version, VERSION_NEUTRAL } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequireScope } from '../../auth/route-access';
import { ApiPredict, ApiPredictBatch } from './predict.openapi';
import {
  PathPredictQuery,
  PredictQuery,
  VersionPath,
  ModelPath,
  type BatchResponse,
  type PredictResponse,
} from './predict.dto';
import { PredictionService } from '../../serving/prediction.service';
import { questionOf } from './question-of';
import { PredictionReport } from './prediction-report';
import { ImageReceiver } from '../../inputs/receive-images';

@RequireScope('predict')
@Controller({ version: '1' })
export class PredictController {
  constructor(
    private readonly predictions: PredictionService,
    private readonly images: ImageReceiver,
    private readonly report: PredictionReport,
  ) {}

  @Post('predict')
  @Version(['1', VERSION_NEUTRAL])
  @HttpCode(200)
  @ApiPredict()
  predict(@Req() req: Request, @Res({ passthrough: true }) res: Response, @Query() query: PredictQuery) {
    return this.one(req, res, query);
  }

  @Post('models/:model/predict')
  @HttpCode(200)
  @ApiPredict()
  predictByModel(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Param() path: ModelPath,
    @Query() query: PathPredictQuery,
  ) {
    return this.one(req, res, { ...path, ...query });
  }

  @Post('models/:model/versions/:version/predict')
  @HttpCode(200)
  @ApiPredict()
  predictByVersion(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Param() path: VersionPath,
    @Query() query: PathPredictQuery,
  ) {
    return this.one(req, res, { ...path, ...query });
  }

  @Post('predict/batch')
  @Version(['1', VERSION_NEUTRAL])
  @HttpCode(200)
  @ApiPredictBatch()
  async predictBatch(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Query() query: PredictQuery,
  ): Promise<BatchResponse> {
    const question = questionOf(req, res, query, this.report);
    this.predictions.refuseIfOverloaded(question);
    const images = await this.images.receiveMany(req, res);
    return this.report.batch(res, await this.predictions.predictMany(images, question));
  }

  private async one(req: Request, res: Response, query: PredictQuery): Promise<PredictResponse> {
    const question = questionOf(req, res, query, this.report);
    this.predictions.refuseIfOverloaded(question);
    const image = await this.images.receiveOne(req, res);
    return this.report.single(res, await this.predictions.predict(image, question));
  }
}
