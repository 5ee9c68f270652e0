import { Controller, HttpCode, Param, Post, Query, Req, Res, Version, VERSION_NEUTRAL } from '@nestjs/common';
import type { Request, Response } from 'express';
import { RequireScope } from '../../auth/route-access';
import { ApiPredict, ApiPredictBatch } from './predict.openapi';
import { Forwarded } from '../../http/forwarded';
import { VersionPath, ModelPath } from '../../http/model-ref.dto';
import { PathPredictQuery, PredictQuery, type BatchResponse, type PredictResponse } from './predict.dto';
import { PredictionService, type Answer } from '../../serving/prediction.service';
import { questionOf } from '../../serving/question-of';
import { PredictionReport } from './prediction-report';
import { TaskDialects } from './task-dialect';
import { oneTopK } from '../../inputs/asked';
import { BodyReceiver } from '../../inputs/receive';

@RequireScope('predict')
@Controller({ version: '1' })
export class PredictController {
  constructor(
    private readonly predictions: PredictionService,
    private readonly bodies: BodyReceiver,
    private readonly tasks: TaskDialects,
    private readonly report: PredictionReport,
    private readonly forwarded: Forwarded,
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
    @Param() _path: ModelPath,
    @Query() query: PathPredictQuery,
  ) {
    return this.one(req, res, query);
  }

  @Post('models/:model/versions/:version/predict')
  @HttpCode(200)
  @ApiPredict()
  predictByVersion(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @Param() _path: VersionPath,
    @Query() query: PathPredictQuery,
  ) {
    return this.one(req, res, query);
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
    const { sources, topK } = await this.bodies.receiveMany(req);
    const question = questionOf(res, this.forwarded.addressOf(req), oneTopK(query.top_k, topK));
    const interpret = this.tasks.interpret(question);
    const present = (answer: Answer) => this.report.item(answer);
    return this.report.batch(res, await this.predictions.predictMany(sources, interpret, question, present));
  }

  /** Whom it asks is in its permit. */
  private async one(req: Request, res: Response, { top_k }: PathPredictQuery): Promise<PredictResponse> {
    const { source, topK } = await this.bodies.receiveOne(req);
    const question = questionOf(res, this.forwarded.addressOf(req), oneTopK(top_k, topK));
    return this.predictions.predict(source, this.tasks.interpret(question), question, (answer) =>
      this.report.single(res, answer),
    );
  }
}
